use dynamorm_ui::User;

fn case() {
    let _ = User::CREDITS.plus(1).plus(2);
}

fn main() {}
