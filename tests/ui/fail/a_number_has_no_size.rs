use dynamorm_ui::User;

fn case() {
    let _ = User::CREDITS.size();
}

fn main() {}
