//! `cond!`: DynamoDB's words for a condition, as tokens that become the calls of the handles.
//!
//! `User: credits >= {5} AND active = true` becomes `User::CREDITS.ge(5).and(User::ACTIVE.eq(true))`. What is here: the
//! grammar with its precedence, and what to say where it is broken. Operands are in `operand`; types are the compiler's to
//! check, and find their mistakes at the tokens that were written.

mod operand;

#[cfg(test)]
mod tests;

use crate::name;
use operand::{Operand, comma, place};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::{Error, Path, Result, Token, parenthesized, token};

const KEYWORDS: [&str; 5] = ["AND", "OR", "NOT", "BETWEEN", "IN"];
/// Those that are conditions by themselves.
const FUNCTIONS: [&str; 5] =
    ["attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains"];
const TYPES: [(&str, &str); 10] = [
    ("S", "S"),
    ("N", "N"),
    ("B", "B"),
    ("BOOL", "Bool"),
    ("NULL", "Null"),
    ("L", "L"),
    ("M", "M"),
    ("SS", "Ss"),
    ("NS", "Ns"),
    ("BS", "Bs"),
];
/// Operands that `IN` takes.
const IN_OPERANDS: usize = 100;

/// The calls that make the condition, or what is wrong with it.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let mut model = None;
    let parsed = (|input: ParseStream<'_>| condition(input, &mut model)).parse2(input);
    parsed.unwrap_or_else(|error| {
        let error = error.to_compile_error();
        // After a mistake the model counts as used all the same.
        let used = model.map(|model| quote!(const _: fn(&#model) = |_| ();));
        quote!({ #used #error })
    })
}

fn condition(input: ParseStream<'_>, model: &mut Option<Path>) -> Result<TokenStream> {
    let ours = "write whose attributes these are: `cond!(User: credits >= {5})`";
    let path = input.call(Path::parse_mod_style).map_err(|error| Error::new(error.span(), ours))?;
    if !input.peek(Token![:]) || input.peek(Token![::]) {
        return Err(Error::new(input.span(), ours));
    }
    input.parse::<Token![:]>()?;
    let path = model.insert(path);
    let condition = either(input, path)?;
    at_end(input)?;
    Ok(condition)
}

/// `a OR b`
fn either(input: ParseStream<'_>, model: &Path) -> Result<TokenStream> {
    let mut left = all(input, model)?;
    while word(input, "OR").is_some() {
        let right = all(input, model)?;
        left = quote!(#left.or(#right));
    }
    Ok(left)
}

/// `a AND b`
fn all(input: ParseStream<'_>, model: &Path) -> Result<TokenStream> {
    let mut left = opposite(input, model)?;
    while word(input, "AND").is_some() {
        let right = opposite(input, model)?;
        left = quote!(#left.and(#right));
    }
    Ok(left)
}

/// `NOT a`
fn opposite(input: ParseStream<'_>, model: &Path) -> Result<TokenStream> {
    if word(input, "NOT").is_some() {
        let one = opposite(input, model)?;
        return Ok(quote!((!#one)));
    }
    if input.peek(token::Paren) {
        let inner;
        parenthesized!(inner in input);
        let condition = either(&inner, model)?;
        at_end(&inner)?;
        return Ok(condition);
    }
    if input.peek(Token![!]) {
        return Err(input.error("write `NOT`"));
    }
    match function_name(input) {
        Some(name) if FUNCTIONS.contains(&name.to_string().as_str()) => function(input, model),
        _ => comparison(input, model),
    }
}

/// `begins_with(a, b)`
fn function(input: ParseStream<'_>, model: &Path) -> Result<TokenStream> {
    let name = input.call(Ident::parse_any)?;
    let inner;
    parenthesized!(inner in input);
    let path = place(&inner, model)?;
    let call = match name.to_string().as_str() {
        "attribute_exists" => quote_spanned!(name.span()=> #path.exists()),
        "attribute_not_exists" => quote_spanned!(name.span()=> #path.not_exists()),
        "attribute_type" => {
            comma(&inner, "attribute_type(note, S)")?;
            let kind = attribute_type(&inner)?;
            quote_spanned!(name.span()=> #path.attribute_type(#kind))
        }
        _ => {
            comma(&inner, &format!("{name}(name, {{value}})"))?;
            let operand = Operand::parse(&inner, model)?.into_tokens();
            quote_spanned!(name.span()=> #path.#name(#operand))
        }
    };
    if !inner.is_empty() {
        return Err(inner.error(format!("`{name}` takes no more than this: close the parenthesis")));
    }
    Ok(call)
}

fn attribute_type(input: ParseStream<'_>) -> Result<TokenStream> {
    if input.peek(token::Brace) {
        return Ok(operand::braced(input)?.0);
    }
    let span = input.span();
    let written = match input.parse::<syn::LitStr>() {
        Ok(text) => text.value(),
        Err(_) => input.call(Ident::parse_any).map(|ident| ident.to_string()).unwrap_or_default(),
    };
    let names = TYPES.map(|(name, _)| name);
    let Some((_, variant)) = TYPES.into_iter().find(|(name, _)| *name == written) else {
        return Err(Error::new(span, format!("write one of DynamoDB's types: `{}`", names.join("`, `"))));
    };
    let variant = Ident::new(variant, span);
    Ok(quote!(::dynamorm::private::AttributeType::#variant))
}

/// `a >= b`, `a BETWEEN b AND c`, `a IN (b, c)`
fn comparison(input: ParseStream<'_>, model: &Path) -> Result<TokenStream> {
    let left = Operand::parse(input, model)?;
    if let Some((method, flipped, span)) = operator(input)? {
        let right = Operand::parse(input, model)?;
        let (left, method, right) = match (&left, &right) {
            (Operand::Value(..), Operand::Value(..)) => {
                return Err(Error::new(left.span(), "write an attribute on one side of the comparison"));
            }
            (Operand::Value(..), _) => (right, flipped, left),
            _ => (left, method, right),
        };
        let (method, left, right) = (Ident::new(method, span), left.into_tokens(), right.into_tokens());
        return Ok(quote!(#left.#method(#right)));
    }
    if let Some(span) = word(input, "BETWEEN") {
        let left = left.not_a_value("BETWEEN")?;
        let low = Operand::parse(input, model)?.into_tokens();
        if word(input, "AND").is_none() {
            return Err(input.error("`BETWEEN` has two bounds: write `AND` and the upper one"));
        }
        let high = Operand::parse(input, model)?.into_tokens();
        return Ok(quote_spanned!(span=> #left.between(#low, #high)));
    }
    if let Some(span) = word(input, "IN") {
        let left = left.not_a_value("IN")?;
        let list = list(input, model)?;
        return Ok(quote_spanned!(span=> #left.is_in([#(#list),*])));
    }
    Err(no_comparison(input, &left))
}

/// The list after `IN`.
fn list(input: ParseStream<'_>, model: &Path) -> Result<Vec<TokenStream>> {
    if !input.peek(token::Paren) {
        return Err(input.error("`IN` has a list: `IN ({a}, {b})`"));
    }
    let inner;
    let parentheses = parenthesized!(inner in input);
    let mut list = Vec::new();
    while !inner.is_empty() {
        list.push(Operand::parse(&inner, model)?.into_tokens());
        if !inner.is_empty() {
            comma(&inner, "IN ({a}, {b})")?;
        }
    }
    if list.is_empty() || list.len() > IN_OPERANDS {
        let text = format!("`IN` has {} values, it takes 1 to {IN_OPERANDS}", list.len());
        return Err(Error::new(parentheses.span.join(), text));
    }
    Ok(list)
}

/// The method of an operator, and that of the same one seen from the other side.
fn operator(input: ParseStream<'_>) -> Result<Option<(&'static str, &'static str, Span)>> {
    let span = input.span();
    for (wrong, instead) in [
        (input.peek(Token![==]), "="),
        (input.peek(Token![!=]), "<>"),
        (input.peek(Token![=>]), ">="),
        (input.peek(Token![<<]), "<"),
        (input.peek(Token![>>]), ">"),
    ] {
        if wrong {
            return Err(Error::new(span, format!("write `{instead}`")));
        }
    }
    let methods = if input.peek(Token![<=]) {
        input.parse::<Token![<=]>()?;
        ("le", "ge")
    } else if input.peek(Token![>=]) {
        input.parse::<Token![>=]>()?;
        ("ge", "le")
    } else if input.peek(Token![<]) {
        input.parse::<Token![<]>()?;
        match input.parse::<Option<Token![>]>>()? {
            Some(_) => ("ne", "ne"),
            None => ("lt", "gt"),
        }
    } else if input.peek(Token![>]) {
        input.parse::<Token![>]>()?;
        ("gt", "lt")
    } else if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        ("eq", "eq")
    } else {
        return Ok(None);
    };
    Ok(Some((methods.0, methods.1, span)))
}

/// What to say about an operand with no operator after it.
fn no_comparison(input: ParseStream<'_>, operand: &Operand) -> Error {
    if input.peek(syn::Ident::peek_any) && word(input, "NOT").is_some() {
        return Error::new(input.span(), "write `NOT` before the attribute: `NOT status IN ({a}, {b})`");
    }
    let what = match operand {
        Operand::Size(..) => "compare the size: `size(tags) > 3`",
        Operand::Value(..) => "compare the value with an attribute: `{5} < credits`",
        Operand::Place(..) => "compare the attribute: `active = true`",
    };
    if input.is_empty() {
        return Error::new(operand.span(), what);
    }
    let known = "`=`, `<>`, `<`, `<=`, `>`, `>=`, `BETWEEN` or `IN`";
    match input.fork().call(Ident::parse_any) {
        Ok(ident) if !is_keyword(&ident) => {
            Error::new(ident.span(), format!("`{ident}` is no operator: write {known}"))
        }
        Ok(_) => Error::new(operand.span(), what),
        Err(_) => joint(input).unwrap_or_else(|| input.error(format!("write {known}"))),
    }
}

/// What is left over is a mistake.
fn at_end(input: ParseStream<'_>) -> Result<()> {
    if input.is_empty() {
        return Ok(());
    }
    if let Some(error) = joint(input) {
        return Err(error);
    }
    for (calculates, sign) in [
        (input.peek(Token![+]), '+'),
        (input.peek(Token![-]), '-'),
        (input.peek(Token![*]), '*'),
        (input.peek(Token![/]), '/'),
        (input.peek(Token![.]), '.'),
    ] {
        if calculates {
            return Err(input.error(format!("put a value that Rust makes into braces: `{{a {sign} b}}`")));
        }
    }
    Err(input.error("write `AND` or `OR` between two conditions"))
}

/// What to say about Rust's words for `AND` and `OR`.
fn joint(input: ParseStream<'_>) -> Option<Error> {
    if input.peek(Token![&]) || input.peek(Token![&&]) {
        return Some(input.error("write `AND`"));
    }
    (input.peek(Token![|]) || input.peek(Token![||])).then(|| input.error("write `OR`"))
}

/// Takes a keyword, in any case.
fn word(input: ParseStream<'_>, word: &str) -> Option<Span> {
    let ident = input.fork().call(Ident::parse_any).ok()?;
    ident.to_string().eq_ignore_ascii_case(word).then(|| {
        let _ = input.call(Ident::parse_any);
        ident.span()
    })
}

fn is_keyword(ident: &Ident) -> bool {
    KEYWORDS.iter().any(|keyword| ident.to_string().eq_ignore_ascii_case(keyword))
}

/// The name of a function that is called next.
fn function_name(input: ParseStream<'_>) -> Option<Ident> {
    let fork = input.fork();
    let ident = fork.call(Ident::parse_any).ok()?;
    (!is_keyword(&ident) && fork.peek(token::Paren)).then_some(ident)
}

/// What to say about a function that is none.
fn unknown_function(name: &Ident) -> Error {
    let known = FUNCTIONS.into_iter().chain(["size"]);
    let text = name.to_string();
    let meant = match text.to_lowercase().as_str() {
        "exists" => Some("attribute_exists"),
        "not_exists" | "is_null" => Some("attribute_not_exists"),
        "starts_with" => Some("begins_with"),
        "len" | "length" => Some("size"),
        lower => name::similar(lower, known.clone()),
    };
    Error::new(
        name.span(),
        match meant {
            Some(meant) => format!("unknown function `{text}`: write `{meant}`"),
            None => format!(
                "unknown function `{text}`: write one of `{}`, or put a value that Rust makes into braces",
                known.collect::<Vec<_>>().join("`, `")
            ),
        },
    )
}
