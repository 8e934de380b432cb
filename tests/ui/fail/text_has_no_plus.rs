use dynamorm_ui::User;

fn case() {
    let _ = User::NAME.plus("x");
}

fn main() {}
