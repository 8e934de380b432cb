//! What an index carries: a read of anything else would find it absent, silently.

use crate::expr::tree::Node;
use crate::key::{IndexShape, KeyShape, Projection};
use crate::model::ModelShape;
use crate::transport::Operation;
use crate::vector::VectorShape;
use crate::{Error, Result};

/// Refuses a read by an index of attributes that it does not carry; `names` are those asked for, `None` for whole items.
pub(super) fn check_read(
    index: &IndexShape,
    model: &ModelShape,
    names: Option<&[&'static str]>,
    operation: Operation,
) -> Result<()> {
    let Some(carried) = carried(index, model) else { return Ok(()) };
    // A scan of an index cannot fetch what the index lacks.
    let can_hydrate = operation == Operation::Query;
    let Some(names) = names else {
        let project = match index.projection.read_as() {
            Some(projection) => format!("call `.project::<{projection}>()` to read these"),
            None => "read a projection of these".to_owned(),
        };
        return Err(Error::invalid(format!(
            "index \"{}\" does not carry whole items, only {}: {project}{}",
            index.name,
            listed(&carried),
            if can_hydrate { ", or `.hydrate()` to fetch the items" } else { "" }
        )));
    };
    let missing: Vec<&str> = names.iter().copied().filter(|name| !carried.contains(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "index \"{}\" does not carry {}, only {}: leave it out of the projection, or {}",
        index.name,
        listed(&missing),
        listed(&carried),
        if can_hydrate { "call `.hydrate()`" } else { "read the table" }
    )))
}

/// Refuses a search by a vector index for attributes that it does not carry.
pub(super) fn check_search(
    index: &'static VectorShape,
    model: &ModelShape,
    names: &[&'static str],
    is_whole: bool,
) -> Result<()> {
    let Some(carried) = carried_with(index.projection, index.keys(), model) else { return Ok(()) };
    let missing: Vec<&str> = names.iter().copied().filter(|name| !carried.contains(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let advice = if is_whole { "read a projection of these" } else { "leave it out of the projection" };
    Err(Error::invalid(format!(
        "index \"{}\" does not carry {}, only {}: {advice}",
        index.name,
        listed(&missing),
        listed(&carried)
    )))
}

/// Refuses a filter on an attribute that the index does not carry: it would be absent from every item.
pub(super) fn check_filter(index: &IndexShape, model: &ModelShape, filter: &Node) -> Result<()> {
    let mut checked = Ok(());
    filter.names(&mut |name| {
        if checked.is_ok() {
            checked = check_name(index, model, name);
        }
    });
    checked
}

/// The same for one attribute that a filter uses.
pub(super) fn check_name(index: &IndexShape, model: &ModelShape, name: &str) -> Result<()> {
    match carried(index, model) {
        Some(carried) if !carried.contains(&name) => Err(Error::invalid(format!(
            "the filter uses attribute `{name}`, which index \"{}\" does not carry: for it, no item has the attribute",
            index.name
        ))),
        Some(_) | None => Ok(()),
    }
}

/// The attributes that an index carries, its key first; `None` for all. What tells an item's type and schema is among them.
fn carried(index: &IndexShape, model: &ModelShape) -> Option<Vec<&'static str>> {
    carried_with(index.projection, index.keys(), model)
}

fn carried_with(
    projection: Projection,
    keys: impl Iterator<Item = &'static KeyShape>,
    model: &ModelShape,
) -> Option<Vec<&'static str>> {
    let included: &[&'static str] = match projection {
        Projection::All => return None,
        Projection::KeysOnly { .. } => &[],
        Projection::Include { names, .. } => names,
    };
    let keys = keys.chain(model.primary.keys()).map(|key| key.attribute);
    let kept = model.kept.map_or(&[][..], |kept| kept.names);
    let mut names: Vec<&'static str> = Vec::new();
    for name in keys.chain(included.iter().copied()).chain(kept.iter().copied()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Some(names)
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
