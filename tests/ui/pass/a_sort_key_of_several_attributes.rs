use dynamorm::{KeyCondition, NoMoreSortKeys, Several};
use dynamorm_ui::Sale;

fn main() {
    let place = || Sale::BY_PLACE_INDEX.partition(("t1", "eu"));
    let all: KeyCondition<Sale, Several<(String, u32)>> = place();
    let open: KeyCondition<Sale, Several<(u32,)>> = place().eq("open");
    let one: KeyCondition<Sale, NoMoreSortKeys> = place().eq("open").eq(7_u32);
    let some: KeyCondition<Sale, NoMoreSortKeys> = place().eq("open").between(7_u32, 9_u32);
    let begun: KeyCondition<Sale, NoMoreSortKeys> = place().begins_with("op");
    drop((all, open, one, some, begun));
}
