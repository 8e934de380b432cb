use dynamorm_ui::User;

fn case() {
    let _ = User::ACTIVE.lt(true);
}

fn main() {}
