use dynamorm_ui::User;

fn case() {
    let _ = User::PAST.key("home");
}

fn main() {}
