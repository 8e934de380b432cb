//! Key templates as they are written: `"ORDER#{placed_at}#{id}"` to pieces. Which fields these are is for `check` to say.

use crate::errors::Errors;
use proc_macro2::{Ident, Span};
use syn::LitStr;

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Literal(String),
    Field(Ident),
}

/// Splits a template into its pieces, and says what is wrong with it. `raw` templates may have any separator.
pub(crate) fn parse(template: &LitStr, raw: bool, errors: &mut Errors) -> Vec<Piece> {
    let pieces = split(&template.value(), template.span(), errors);
    if pieces.is_empty() && template.value().is_empty() {
        errors.at(template.span(), "a key cannot be empty: write a template such as \"USER#{id}\"");
    }
    if pieces.iter().filter(|piece| matches!(piece, Piece::Field(_))).count() > 4 {
        errors.at(template.span(), "a key is made of at most four fields: make one field of some of them");
    }
    if !raw {
        check_separators(&pieces, template.span(), errors);
    }
    pieces
}

fn split(text: &str, span: Span, errors: &mut Errors) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '{' | '}' if letters.peek() == Some(&letter) => {
                letters.next();
                literal.push(letter);
            }
            '}' => {
                errors.at(span, "this template closes a brace that it did not open: write `}}` for a brace")
            }
            '{' => {
                let mut name = String::new();
                let closed = loop {
                    match letters.next() {
                        Some('}') => break true,
                        Some(letter) => name.push(letter),
                        None => break false,
                    }
                };
                if !literal.is_empty() {
                    pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                }
                match field(&name, span) {
                    _ if !closed => {
                        errors.at(span, format!("`{{{name}` is not closed: write `{{field}}`, or `{{{{` for a brace"));
                    }
                    Some(ident) => pieces.push(Piece::Field(ident)),
                    None if name.trim().is_empty() => {
                        errors.at(span, "`{}` names no field: write one, such as \"USER#{id}\"");
                    }
                    None => errors.at(
                        span,
                        format!("`{{{name}}}` is not the name of a field: write the name alone, such as \"USER#{{id}}\""),
                    ),
                }
            }
            letter => literal.push(letter),
        }
    }
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    pieces
}

fn field(name: &str, span: Span) -> Option<Ident> {
    let mut ident =
        syn::parse_str::<Ident>(name).or_else(|_| syn::parse_str::<Ident>(&format!("r#{name}"))).ok()?;
    ident.set_span(span);
    Some(ident)
}

/// Without a separator that can be escaped, two different items could have one key.
fn check_separators(pieces: &[Piece], span: Span, errors: &mut Errors) {
    for pair in pieces.windows(2) {
        if let [Piece::Field(a), Piece::Field(b)] = pair {
            errors.at(
                span,
                format!("nothing stands between `{a}` and `{b}`, so two items could have one key: write `{{{a}}}#{{{b}}}`"),
            );
        }
    }
    for triple in pieces.windows(3) {
        if let [Piece::Field(a), Piece::Literal(between), Piece::Field(b)] = triple
            && !between.starts_with(|c: char| c.is_ascii_punctuation() && !matches!(c, '%' | '{' | '}'))
        {
            errors.at(
                span,
                format!(
                    "what stands between `{a}` and `{b}` must begin with a punctuation mark such as `#`: \
                     write `{{{a}}}#{between}{{{b}}}`"
                ),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(template: &str) -> (Vec<String>, Vec<String>) {
        let mut errors = Errors::default();
        let pieces = parse(&LitStr::new(template, Span::call_site()), false, &mut errors);
        let shown = pieces.iter().map(|piece| match piece {
            Piece::Literal(text) => format!("'{text}'"),
            Piece::Field(ident) => ident.to_string(),
        });
        (shown.collect(), errors.texts())
    }

    fn pieces(template: &str) -> Vec<String> {
        let (pieces, errors) = parsed(template);
        assert_eq!(errors, Vec::<String>::new());
        pieces
    }

    fn error(template: &str) -> String {
        let (_, errors) = parsed(template);
        assert_eq!(errors.len(), 1, "{errors:?}");
        errors.concat()
    }

    #[test]
    fn a_template_is_text_and_fields() {
        assert_eq!(pieces("USER#{id}"), ["'USER#'", "id"]);
        assert_eq!(pieces("{tenant}/{type}"), ["tenant", "'/'", "r#type"]);
        assert_eq!(pieces("PROFILE"), ["'PROFILE'"]);
    }

    #[test]
    fn doubled_braces_are_braces() {
        assert_eq!(pieces("{{{id}}}"), ["'{'", "id", "'}'"]);
    }

    #[test]
    fn braces_that_do_not_match_are_refused() {
        assert!(error("USER#{id").contains("is not closed"));
        assert!(error("USER#id}").contains("did not open"));
        assert!(error("USER#{}").contains("names no field"));
        assert!(error("USER#{a.b}").contains("is not the name of a field"));
    }

    #[test]
    fn fields_need_a_separator_that_can_be_escaped() {
        assert!(error("{a}{b}").contains("write `{a}#{b}`"));
        assert!(error("{a}x{b}").contains("write `{a}#x{b}`"));
        assert!(error("{a}%{b}").contains("punctuation mark"));
        assert!(error("{a}}}{b}").contains("punctuation mark"));
    }

    #[test]
    fn an_empty_key_and_one_of_five_fields_are_refused() {
        assert!(error("").contains("cannot be empty"));
        assert!(error("{a}#{b}#{c}#{d}#{e}").contains("at most four"));
    }
}
