use dynamorm_ui::User;

fn case() {
    let _ = User::CREDITS.eq(User::NAME);
}

fn main() {}
