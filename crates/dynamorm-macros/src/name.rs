//! Names: from Rust's to DynamoDB's and to constants, and the nearest known name to a misspelt one.

use proc_macro2::Ident;
use syn::ext::IdentExt as _;

/// How `rename_all` writes names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Camel,
    Snake,
    Kebab,
    Pascal,
    ScreamingSnake,
}

impl Case {
    pub(crate) const ALL: [(&'static str, Case); 5] = [
        ("camelCase", Case::Camel),
        ("snake_case", Case::Snake),
        ("kebab-case", Case::Kebab),
        ("PascalCase", Case::Pascal),
        ("SCREAMING_SNAKE_CASE", Case::ScreamingSnake),
    ];

    pub(crate) fn apply(self, name: &str) -> String {
        let words = words(name);
        let capitalized = words.iter().map(|word| capitalize(word)).collect::<Vec<_>>();
        match self {
            Case::Camel => match (words.first(), capitalized.get(1..)) {
                (Some(first), Some(rest)) => format!("{first}{}", rest.concat()),
                _ => String::new(),
            },
            Case::Snake => words.join("_"),
            Case::Kebab => words.join("-"),
            Case::Pascal => capitalized.concat(),
            Case::ScreamingSnake => words.join("_").to_uppercase(),
        }
    }
}

/// The words of a name in any case, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let letters = name.chars().collect::<Vec<_>>();
    let mut begins = true;
    for (at, &letter) in letters.iter().enumerate() {
        if letter == '_' {
            begins = true;
            continue;
        }
        let before = at.checked_sub(1).and_then(|at| letters.get(at));
        let after = letters.get(at + 1);
        let after_small = before.is_some_and(|c| c.is_lowercase() || c.is_numeric());
        // `HTTPServer` is `http server`: the last capital of a run begins the next word.
        let ends_run = before.is_some_and(|c| c.is_uppercase()) && after.is_some_and(|c| c.is_lowercase());
        begins |= letter.is_uppercase() && (after_small || ends_run);
        match words.last_mut() {
            Some(word) if !begins => word.extend(letter.to_lowercase()),
            _ => words.push(letter.to_lowercase().collect()),
        }
        begins = false;
    }
    words
}

fn capitalize(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The name as written, without `r#`.
pub(crate) fn plain(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// The constant of a field: `placed_at` is `PLACED_AT`.
pub(crate) fn field_constant(ident: &Ident) -> Ident {
    Ident::new(&plain(ident).to_uppercase(), ident.span())
}

/// The constant of a field of a variant: `last4` of `CreditCard` is `CREDIT_CARD_LAST4`.
pub(crate) fn member_constant(variant: &Ident, field: &Ident) -> Ident {
    let variant = Case::ScreamingSnake.apply(&plain(variant));
    Ident::new(&format!("{variant}_{}", field_constant(field)), field.span())
}

/// The constant of an index: `email-index` is `EMAIL_INDEX`, `by-tenant` is `BY_TENANT_INDEX`.
pub(crate) fn index_constant(name: &str) -> String {
    let mut constant: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    if !constant.ends_with("INDEX") {
        constant.push_str("_INDEX");
    }
    if constant.starts_with(|c: char| c.is_ascii_digit()) {
        constant.insert(0, '_');
    }
    constant
}

/// The words of an index's name, as `Case` takes them: `by-status` is `by_status`.
pub(crate) fn index_words(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

/// The known name that `name` is most likely meant to be.
pub(crate) fn similar<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = ((name.chars().count() + 1) / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters must be added, removed or changed to make one of the other.
fn distance(a: &str, b: &str) -> usize {
    let b = b.chars().collect::<Vec<_>>();
    let mut row = (0..=b.len()).collect::<Vec<_>>();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (y, cell) in b.iter().zip(row.iter_mut().skip(1)) {
            let next = (diagonal + usize::from(x != *y)).min(left + 1).min(*cell + 1);
            diagonal = *cell;
            left = next;
            *cell = next;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rename_all_takes_fields_and_variants() {
        let all = |name: &str| Case::ALL.map(|(_, case)| case.apply(name));
        assert_eq!(all("placed_at"), ["placedAt", "placed_at", "placed-at", "PlacedAt", "PLACED_AT"]);
        assert_eq!(all("InTransit"), ["inTransit", "in_transit", "in-transit", "InTransit", "IN_TRANSIT"]);
        assert_eq!(Case::Snake.apply("HTTPServer2Go"), "http_server2_go");
    }

    #[test]
    fn an_index_constant_ends_in_index_once() {
        assert_eq!(index_constant("email-index"), "EMAIL_INDEX");
        assert_eq!(index_constant("by-tenant"), "BY_TENANT_INDEX");
        assert_eq!(index_constant("gsi.1"), "GSI_1_INDEX");
        assert_eq!(index_constant("2nd"), "_2ND_INDEX");
    }

    #[test]
    fn a_misspelt_name_finds_its_neighbour_and_a_strange_one_nothing() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(similar("emial", ["id", "email", "name"]), Some("email"));
        assert_eq!(similar("tenant", ["id", "email", "name"]), None);
    }
}
