use dynamorm_ui::Sale;

fn case() {
    let _ = Sale::BY_PLACE_INDEX.partition("t1");
}

fn main() {}
