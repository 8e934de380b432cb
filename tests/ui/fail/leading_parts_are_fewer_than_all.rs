use dynamorm_ui::Dated;

fn case() {
    let _ = Dated::PRIMARY_KEY.partition("u1").begins_with((2026_u16, 11_u8, 7_u32));
}

fn main() {}
