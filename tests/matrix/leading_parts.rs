//! Sort keys of several fields, found by their first parts.

use crate::support::{TestDb, matrix};
use dynamorm::{Model, Result};

matrix![
    leading_parts_find_exactly_the_keys_that_have_them,
    a_leading_text_with_the_separator_in_it_finds_its_own,
    an_empty_leading_part_is_refused_before_the_network,
];

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "LOG#{log}", sk = "AT#{zone}#{day}#{name}")]
struct Entry {
    log: String,
    zone: i8,
    day: u16,
    name: String,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "TREE#{tree}", sk = "LEAF#{branch}#{leaf}")]
struct Leaf {
    tree: String,
    branch: String,
    leaf: String,
}

async fn leading_parts_find_exactly_the_keys_that_have_them(db: TestDb) -> Result<()> {
    db.create_table::<Entry>().execute().await?;
    let mut entries = Vec::new();
    for zone in [-1, 1, 11] {
        for day in [1, 11, 111] {
            entries.push(Entry { log: "l".into(), zone, day, name: "1#11".into() });
        }
    }
    db.batch_write().put_all(&entries).execute().await?;
    let of = || Entry::PRIMARY_KEY.partition("l");
    let found = db.query::<Entry>().key(of().begins_with((1_i8,))).all().await?;
    assert_eq!(found, entries[3..6]);
    let found = db.query::<Entry>().key(of().begins_with((-1_i8, 11_u16))).all().await?;
    assert_eq!(found, entries[1..2]);
    assert_eq!(db.query::<Entry>().key(of().begins_with((2_i8,))).count().await?, 0);
    Ok(())
}

async fn a_leading_text_with_the_separator_in_it_finds_its_own(db: TestDb) -> Result<()> {
    db.create_table::<Leaf>().execute().await?;
    let leaf = |branch: &str, leaf: &str| Leaf { tree: "t".into(), branch: branch.into(), leaf: leaf.into() };
    let leaves = [leaf("a", "b#c"), leaf("a#b", "c"), leaf("ab", "c"), leaf("a%23b", "c")];
    db.batch_write().put_all(&leaves).execute().await?;
    for leaf in &leaves {
        let key = Leaf::PRIMARY_KEY.partition("t").begins_with((leaf.branch.as_str(),));
        assert_eq!(db.query::<Leaf>().key(key).all().await?, std::slice::from_ref(leaf));
    }
    Ok(())
}

async fn an_empty_leading_part_is_refused_before_the_network(db: TestDb) -> Result<()> {
    let key = Leaf::PRIMARY_KEY.partition("t").begins_with(("",));
    let refused = db.query::<Leaf>().key(key).all().await.unwrap_err();
    assert!(refused.is_invalid_request());
    assert!(refused.to_string().contains("attribute `branch` is empty"), "{refused}");
    assert_eq!(db.calls(), 0);
    Ok(())
}
