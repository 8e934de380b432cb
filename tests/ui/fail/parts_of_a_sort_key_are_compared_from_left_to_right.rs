use dynamorm_ui::Sale;

fn case() {
    let _ = Sale::BY_PLACE_INDEX.partition(("t1", "eu")).eq(7);
}

fn main() {}
