use dynamorm_ui::User;

fn case() {
    let _ = User::ACTIVE.contains(true);
}

fn main() {}
