use dynamorm_ui::Dated;

fn main() {
    let of = || Dated::PRIMARY_KEY.partition("u1");
    let _ = of().begins_with((2026_u16,));
    let _ = of().begins_with((2026_u16, 11_u8));
    let _ = of().ge((2026_u16, 11_u8, 7_u32));
}
