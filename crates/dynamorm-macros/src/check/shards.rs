//! Over how many partitions the items of one are spread: which numbers there may be, and which keys can be spread.

use crate::ast::{Index, Key, PrimaryKey, Segment, Shards};
use crate::attr::StructAttrs;
use crate::errors::Errors;
use proc_macro2::Span;
use syn::{Lit, LitInt};

/// Each query asks each shard, and a shard's number has three digits.
const MOST: u16 = 1000;

/// The shards, if any are written.
pub(super) fn resolve(
    attrs: &StructAttrs,
    primary: &PrimaryKey,
    indexes: &[Index],
    errors: &mut Errors,
) -> Option<Shards> {
    let Some(written) = &attrs.shards else {
        if let Some((from, _)) = attrs.shards_from.first() {
            errors.at(from.span(), "the shards grow from which number: write `shards = 16` beside it");
        }
        return None;
    };
    check_key(written.span(), primary, indexes, errors);
    let mut counts = vec![(String::new(), count(written, errors)?)];
    let head = match primary {
        PrimaryKey::Own { sort: Some(Key { template, .. }), .. } => match template.first() {
            Some(Segment::Literal(text)) => text.as_str(),
            _ => "",
        },
        PrimaryKey::Own { sort: None, .. } | PrimaryKey::Flattened(_) => "",
    };
    let by_number = attrs.shards_from.iter().any(|(from, _)| matches!(from, Lit::Int(_)));
    for (from, written) in &attrs.shards_from {
        let count = count(written, errors)?;
        let text = match from {
            Lit::Int(number) if number.suffix().is_empty() => number.base10_digits().to_owned(),
            Lit::Str(text) if !by_number => text.value(),
            _ => {
                errors.at(from.span(), "write all of them as text, or all as whole numbers");
                return None;
            }
        };
        let (last, before) = counts.last().cloned().unwrap_or_default();
        if count <= before {
            let text = format!("the number of shards only grows, and it was {before}: write a higher one");
            errors.at(written.span(), text);
        }
        let is_higher = match (text.parse::<i128>(), last.parse::<i128>()) {
            (Ok(number), Ok(last)) if by_number => number > last,
            _ => text > last,
        };
        if text.is_empty() || (counts.len() > 1 && !is_higher) {
            let text =
                "each `shards_from` begins at a higher sort key than the one before: put them in order";
            errors.at(from.span(), text);
        } else if !by_number && (!text.starts_with(head) || text == head) {
            let text = format!(
                "no sort key of this model is so: all begin with \"{head}\", so write \"{head}…\" with the first one that \
                 has {count} shards"
            );
            errors.at(from.span(), text);
        }
        counts.push((text, count));
    }
    Some(Shards { counts, by_number })
}

fn count(written: &LitInt, errors: &mut Errors) -> Option<u16> {
    let count = written.base10_parse::<u16>().ok().filter(|count| (2..=MOST).contains(count));
    if count.is_none() {
        errors.at(
            written.span(),
            format!("a partition has 2 to {MOST} shards: write a number such as 16, or leave it out"),
        );
    }
    count
}

/// A shard is told by the sort key, and stands at the end of the partition key.
fn check_key(span: Span, primary: &PrimaryKey, indexes: &[Index], errors: &mut Errors) {
    let PrimaryKey::Own { partition, sort } = primary else {
        let text = "this model has the key of its flattened struct: write `shards` above that one";
        errors.at(span, text);
        return;
    };
    // What was not understood has its own mistake.
    let is_known = |key: &Key| !key.attribute.is_empty();
    if is_known(partition) && partition.template.is_empty() {
        let text = "a shard stands at the end of a template: write `pk = \"LOG#{…}\"`";
        errors.at(partition.span, text);
    }
    match sort {
        None if is_known(partition) => {
            let text = "items are spread by their sort keys, and this model has none: write `sk`";
            errors.at(span, text);
        }
        Some(sort) if is_known(sort) && sort.fields.is_empty() && !sort.template.is_empty() => {
            let text =
                "this sort key is the same for all items, so there is nothing to spread: remove `shards`";
            errors.at(sort.span, text);
        }
        _ => {}
    }
    for index in indexes.iter().filter(|index| index.partition.is_none()) {
        let text = format!(
            "`{}` is a local index, whose order is lost over several shards: write a global index",
            index.name
        );
        errors.at(index.constant.span(), text);
    }
}
