//! Expressions in DynamoDB's own words: split into tokens and checked, then sent with names and values aliased like any other.
//!
//! What is checked here: the alphabet, functions, that each value is given and each given one used, and the limits on length
//! and operators; in `grammar`, what stands where. Of which type an operand must be is DynamoDB's to check.

mod grammar;

use self::grammar::Shape;
use super::Placeholders;
use crate::codec::{Attribute, CodecError, Writer};
use crate::{AttributeValue, Error, Result, limits};

/// A checked expression, or what is wrong with it: that waits for the operation's terminal.
#[derive(Debug, Clone)]
pub(crate) struct RawExpression(Result<Parsed, String>);

#[derive(Debug, Clone)]
struct Parsed {
    tokens: Vec<Token>,
    /// The byte at which each token begins, and at last the end of the text.
    places: Vec<usize>,
    shape: Shape,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// An operator, a keyword, a function or punctuation, sent as it is.
    Text(&'static str),
    /// A position in a list: `[3]`.
    Position(String),
    Name(String),
    Value {
        name: String,
        json: Result<Vec<u8>, CodecError>,
    },
}

const FUNCTIONS: [&str; 6] =
    ["attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains", "size"];
const KEYWORDS: [&str; 5] = ["AND", "OR", "NOT", "BETWEEN", "IN"];
/// Longer ones first, so that `<=` is not read as `<`.
const SYMBOLS: [&str; 10] = ["<=", ">=", "<>", "=", "<", ">", "(", ")", ",", "."];
/// Deeper expressions have no use, and cost stack wherever they are evaluated.
const PARENTHESES_DEPTH: usize = 100;

impl RawExpression {
    pub(crate) fn parse<K, V>(text: &str, values: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<String>,
        V: Into<AttributeValue>,
    {
        let values = values.into_iter().map(|(name, value)| {
            let name = name.into();
            let name = name.strip_prefix(':').map(str::to_owned).unwrap_or(name);
            (name, value.into())
        });
        Self(parsed(text, values.collect()))
    }

    fn parsed(&self) -> Result<&Parsed> {
        self.0.as_ref().map_err(|problem| Error::invalid(format!("the raw expression {problem}")))
    }

    pub(crate) fn tokens(&self) -> Result<&[Token]> {
        self.parsed().map(|parsed| parsed.tokens.as_slice())
    }

    /// Refuses what is a condition but no key condition.
    pub(crate) fn check_key(&self) -> Result<()> {
        let parsed = self.parsed()?;
        grammar::key_condition(&parsed.tokens, &parsed.places)
            .map_err(|problem| Error::invalid(format!("the raw key condition {problem}")))
    }

    /// Must stand in parentheses where it is joined to others.
    pub(crate) fn is_joined(&self) -> bool {
        matches!(&self.0, Ok(Parsed { shape: Shape::Joined, .. }))
    }

    /// Stands in parentheses already, and DynamoDB refuses a second pair.
    pub(crate) fn is_parenthesized(&self) -> bool {
        matches!(&self.0, Ok(Parsed { shape: Shape::Parenthesized, .. }))
    }

    /// Appends its text, adding its names and values to the request's.
    pub(crate) fn push(&self, text: &mut String, request: &mut Placeholders) -> Result<()> {
        let mut glued = true;
        for token in self.tokens()? {
            let (before, after) = match token {
                Token::Text("(") => (true, true),
                Token::Text(")" | ",") => (true, false),
                Token::Text(".") => (true, true),
                Token::Text(word) if FUNCTIONS.contains(word) => (false, true),
                Token::Position(_) => (true, false),
                _ => (false, false),
            };
            if !glued && !before {
                text.push(' ');
            }
            glued = after;
            match token {
                Token::Text(word) => {
                    // `AND (`, but `size(`.
                    if *word == "(" && text.ends_with(|c: char| c.is_ascii_uppercase()) {
                        text.push(' ');
                    }
                    text.push_str(word);
                }
                Token::Position(position) => text.push_str(position),
                Token::Name(name) => request.push_name(text, name.clone()),
                Token::Value { name, json } => {
                    request.push_value(text, json.clone().map_err(|error| error.at(name))?);
                }
            }
        }
        Ok(())
    }

    /// Operators and functions in it.
    pub(crate) fn operators(&self) -> usize {
        self.0.as_ref().map_or(0, |parsed| operators(&parsed.tokens))
    }

    /// Calls `see` with the name of each attribute in it; what stands after a dot is a member of one.
    pub(crate) fn names(&self, see: &mut dyn FnMut(&str)) {
        let mut member = false;
        for token in self.0.iter().flat_map(|parsed| &parsed.tokens) {
            match token {
                Token::Name(name) if !member => see(name),
                _ => {}
            }
            member = matches!(token, Token::Text("."));
        }
    }
}

fn parsed(text: &str, values: Vec<(String, AttributeValue)>) -> Result<Parsed, String> {
    let limit = limits::EXPRESSION_BYTES;
    if text.len() > limit {
        return Err(format!("is {} bytes, the limit is {limit} bytes", text.len()));
    }
    let (mut tokens, mut places) = (Vec::new(), Vec::new());
    let mut used = vec![false; values.len()];
    let mut depth = 0_usize;
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let at = text.len() - rest.len();
        places.push(at);
        let Some(first) = rest.chars().next() else { break };
        if let Some(symbol) = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol)) {
            rest = rest.get(symbol.len()..).unwrap_or_default();
            match symbol {
                "(" => depth += 1,
                ")" if depth == 0 => return Err(format!("closes a parenthesis too many at byte {at}")),
                ")" => depth -= 1,
                _ => {}
            }
            if depth > PARENTHESES_DEPTH {
                return Err(format!("nests parentheses more than {PARENTHESES_DEPTH} deep at byte {at}"));
            }
            tokens.push(Token::Text(symbol));
        } else if first == '[' {
            let digits = rest.get(1..).unwrap_or_default().split(']').next().unwrap_or_default();
            if digits.is_empty() || !digits.bytes().all(|c| c.is_ascii_digit()) || !rest.contains(']') {
                return Err(format!("has no whole number in brackets at byte {at}"));
            }
            tokens.push(Token::Position(format!("[{digits}]")));
            rest = rest.get(digits.len() + 2..).unwrap_or_default();
        } else if first == ':' {
            let name = word(rest.get(1..).unwrap_or_default());
            let nth = values.iter().position(|(known, _)| known == name && !name.is_empty());
            let Some(nth) = nth else {
                return Err(format!("names a value at byte {at} that is not given"));
            };
            if let (Some(used), Some((known, value))) = (used.get_mut(nth), values.get(nth)) {
                *used = true;
                let mut writer = Writer::new();
                let json = value.encode(&mut writer).map(|()| writer.into_bytes());
                tokens.push(Token::Value { name: format!(":{known}"), json });
            }
            rest = rest.get(1 + name.len()..).unwrap_or_default();
        } else if first.is_ascii_alphabetic() || first == '_' {
            let name = word(rest);
            rest = rest.get(name.len()..).unwrap_or_default();
            let called = rest.trim_start().starts_with('(');
            let after_dot = matches!(tokens.last(), Some(Token::Text(".")));
            let keyword = KEYWORDS.into_iter().find(|keyword| keyword.eq_ignore_ascii_case(name));
            match (keyword, FUNCTIONS.into_iter().find(|function| *function == name)) {
                (Some(keyword), _) if !after_dot => tokens.push(Token::Text(keyword)),
                (None, Some(function)) if called => tokens.push(Token::Text(function)),
                _ if called => {
                    return Err(format!("calls a function at byte {at} that DynamoDB does not have"));
                }
                _ => tokens.push(Token::Name(name.to_owned())),
            }
        } else if first == '#' {
            return Err(format!(
                "has an alias at byte {at}: write the attribute's own name, all names are aliased before they are sent"
            ));
        } else {
            return Err(format!("has a character at byte {at} that does not belong there"));
        }
    }
    if tokens.is_empty() {
        return Err("is empty".to_owned());
    }
    if depth > 0 {
        return Err(format!("leaves {depth} parentheses open"));
    }
    let (operators, limit) = (operators(&tokens), limits::EXPRESSION_OPERATORS);
    if operators > limit {
        return Err(format!("has {operators} operators, the limit is {limit}"));
    }
    let shape = grammar::condition(&tokens, &places)?;
    if let Some(nth) = used.iter().position(|used| !used) {
        let name = values.get(nth).map(|(name, _)| name.as_str()).unwrap_or_default();
        return Err(format!("does not use the value `:{name}` that is given"));
    }
    Ok(Parsed { tokens, places, shape })
}

/// How many operators and functions DynamoDB counts. `a BETWEEN b AND c` is one.
fn operators(tokens: &[Token]) -> usize {
    let (mut count, mut betweens) = (0, 0_usize);
    for token in tokens {
        match token {
            Token::Text("(" | ")" | "," | ".") => {}
            Token::Text("AND") if betweens > 0 => betweens -= 1,
            Token::Text(word) => {
                betweens += usize::from(*word == "BETWEEN");
                count += 1;
            }
            Token::Position(_) | Token::Name(_) | Token::Value { .. } => {}
        }
    }
    count
}

/// The identifier that `text` begins with. Hyphens belong to names here, since DynamoDB has no subtraction in conditions.
fn word(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-')).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, values: &[(&str, i32)]) -> RawExpression {
        RawExpression::parse(text, values.iter().copied())
    }

    /// The text that is sent, and the names behind its aliases.
    fn sent(text: &str, values: &[(&str, i32)]) -> String {
        let (mut sent, mut request) = (String::new(), Placeholders::default());
        parse(text, values).push(&mut sent, &mut request).unwrap();
        let mut names = Writer::new();
        request.write(&mut names);
        format!("{sent}{}", String::from_utf8(names.into_bytes()).unwrap())
    }

    fn problem(text: &str, values: &[(&str, i32)]) -> String {
        parse(text, values).tokens().unwrap_err().to_string()
    }

    #[test]
    fn names_are_aliased_and_all_else_stays() {
        let texts = [
            sent("credits >= :min", &[(":min", 5)]),
            sent("status = :s and not ( size( name )<:n )", &[("s", 1), (":n", 2)]),
            sent("a BETWEEN :a AND :b OR b IN (:a, :b)", &[(":a", 1), (":b", 2)]),
            sent("attribute_exists(lines[3].price) AND contains(tags,:a)", &[(":a", 1)]),
            sent("size = :a AND a.in.or <> :a AND a-b = :a", &[(":a", 1)]),
            sent("attribute_type(a, :a) OR begins_with(b, :a) OR attribute_not_exists(c)", &[(":a", 1)]),
        ];
        insta::assert_snapshot!(texts.join("\n"), @r##"
        #n0 >= :v0,"ExpressionAttributeNames":{"#n0":"credits"},"ExpressionAttributeValues":{":v0":{"N":"5"}}
        #n0 = :v0 AND NOT (size(#n1) < :v1),"ExpressionAttributeNames":{"#n0":"status","#n1":"name"},"ExpressionAttributeValues":{":v0":{"N":"1"},":v1":{"N":"2"}}
        #n0 BETWEEN :v0 AND :v1 OR #n1 IN (:v2, :v3),"ExpressionAttributeNames":{"#n0":"a","#n1":"b"},"ExpressionAttributeValues":{":v0":{"N":"1"},":v1":{"N":"2"},":v2":{"N":"1"},":v3":{"N":"2"}}
        attribute_exists(#n0[3].#n1) AND contains(#n2, :v0),"ExpressionAttributeNames":{"#n0":"lines","#n1":"price","#n2":"tags"},"ExpressionAttributeValues":{":v0":{"N":"1"}}
        #n0 = :v0 AND #n1.#n2.#n3 <> :v1 AND #n4 = :v2,"ExpressionAttributeNames":{"#n0":"size","#n1":"a","#n2":"in","#n3":"or","#n4":"a-b"},"ExpressionAttributeValues":{":v0":{"N":"1"},":v1":{"N":"1"},":v2":{"N":"1"}}
        attribute_type(#n0, :v0) OR begins_with(#n1, :v1) OR attribute_not_exists(#n2),"ExpressionAttributeNames":{"#n0":"a","#n1":"b","#n2":"c"},"ExpressionAttributeValues":{":v0":{"N":"1"},":v1":{"N":"1"}}
        "##);
    }

    #[test]
    fn mistakes_are_told_by_their_place_and_without_text_or_values() {
        let problems = [
            problem("", &[]),
            problem("credits = :min", &[]),
            problem("credits = :min", &[(":min", 1), (":max", 2)]),
            problem("credits = :min", &[(":min", 1), (":min", 2)]),
            problem("lower(name) = :n", &[(":n", 1)]),
            problem("(credits = :n", &[(":n", 1)]),
            problem("credits = :n) AND (credits = :n", &[(":n", 1)]),
            problem("#credits = :n", &[(":n", 1)]),
            problem("größe = :n", &[(":n", 1)]),
            problem("😀", &[]),
            problem("lines[x] = :n", &[(":n", 1)]),
            problem("lines[3", &[]),
            problem("name = 'Ada'", &[]),
            problem(": = a", &[]),
            problem(&"a".repeat(4_097), &[]),
            problem(&"(".repeat(2_000), &[]),
        ];
        insta::assert_snapshot!(problems.join("\n"), @"
        the raw expression is empty
        the raw expression names a value at byte 10 that is not given
        the raw expression does not use the value `:max` that is given
        the raw expression does not use the value `:min` that is given
        the raw expression calls a function at byte 0 that DynamoDB does not have
        the raw expression leaves 1 parentheses open
        the raw expression closes a parenthesis too many at byte 12
        the raw expression has an alias at byte 0: write the attribute's own name, all names are aliased before they are sent
        the raw expression has a character at byte 2 that does not belong there
        the raw expression has a character at byte 0 that does not belong there
        the raw expression has no whole number in brackets at byte 5
        the raw expression has no whole number in brackets at byte 5
        the raw expression has a character at byte 7 that does not belong there
        the raw expression names a value at byte 0 that is not given
        the raw expression is 4097 bytes, the limit is 4096 bytes
        the raw expression nests parentheses more than 100 deep at byte 100
        ");
    }

    #[test]
    fn between_and_its_and_are_one_operator() {
        assert_eq!(parse("a BETWEEN :a AND :b AND size(c) = :a", &[(":a", 1), (":b", 2)]).operators(), 4);
        let many = |count: usize| vec!["a = :a"; count].join(" OR ");
        assert!(parse(&many(150), &[(":a", 1)]).tokens().is_ok());
        assert_eq!(
            problem(&many(151), &[(":a", 1)]),
            "the raw expression has 301 operators, the limit is 300"
        );
    }

    #[test]
    fn members_of_an_attribute_are_no_attributes() {
        let mut names = Vec::new();
        parse("address.email = :a OR name[0].email = email", &[(":a", 1)])
            .names(&mut |name| names.push(name.to_owned()));
        assert_eq!(names, ["address", "name", "email"]);
    }
}
