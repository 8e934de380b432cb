use dynamorm_ui::Dated;

fn case() {
    let _ = Dated::PRIMARY_KEY.partition("u1").begins_with(("2026",));
}

fn main() {}
