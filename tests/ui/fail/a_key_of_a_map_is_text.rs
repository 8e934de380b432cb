use dynamorm_ui::User;

fn case() {
    let _ = User::LABELS.key(7);
}

fn main() {}
