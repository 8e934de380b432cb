use dynamorm::Project;

#[derive(Project)]
struct Summary {
    total: i64,
}

fn main() {}
