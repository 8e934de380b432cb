use dynamorm_ui::User;

fn case() {
    let _ = User::CREDITS.begins_with(1);
}

fn main() {}
