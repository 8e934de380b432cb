use dynamorm_ui::User;

fn case() {
    let _ = User::TAGS.at(0);
}

fn main() {}
