use dynamorm_ui::User;

fn case() {
    let _ = User::CREDITS.eq("ten");
}

fn main() {}
