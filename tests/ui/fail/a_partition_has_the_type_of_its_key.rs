use dynamorm_ui::User;

fn case() {
    let _ = User::EMAIL_INDEX.partition(7);
}

fn main() {}
