use dynamorm_ui::User;

fn case() {
    let _ = User::CREDITS.minus(User::NAME);
}

fn main() {}
