use dynamorm_ui::User;

fn case() {
    let _ = User::NAME.size().eq("long");
}

fn main() {}
