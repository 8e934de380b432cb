//! The sides of a comparison: attributes and paths, sizes, and values.

use super::{FUNCTIONS, function_name, is_keyword, unknown_function};
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Error, Lit, LitInt, LitStr, Path, Result, Token, parenthesized, token};

/// One side of a comparison, as the tokens that make it.
pub(crate) enum Operand {
    Place(TokenStream, Span),
    Size(TokenStream, Span),
    Value(TokenStream, Span),
}

impl Operand {
    pub(crate) fn parse(input: ParseStream<'_>, model: &Path) -> Result<Self> {
        let span = input.span();
        if input.peek(token::Brace) {
            let (value, span) = braced(input)?;
            return Ok(Operand::Value(value, span));
        }
        if input.peek(Lit) {
            let literal = input.parse::<Lit>()?;
            return Ok(Operand::Value(quote!(#literal), span));
        }
        if input.peek(Token![-]) && input.peek2(Lit) {
            let (minus, literal) = (input.parse::<Token![-]>()?, input.parse::<Lit>()?);
            return Ok(Operand::Value(quote!(#minus #literal), span));
        }
        match function_name(input) {
            Some(name) if name == "size" => {
                input.call(Ident::parse_any)?;
                let inner;
                parenthesized!(inner in input);
                let path = place(&inner, model)?;
                if !inner.is_empty() {
                    return Err(inner.error("`size` takes one attribute: close the parenthesis"));
                }
                Ok(Operand::Size(quote_spanned!(span=> #path.size()), span))
            }
            Some(name) if FUNCTIONS.contains(&name.to_string().as_str()) => Err(Error::new(
                span,
                format!("`{name}(..)` is a condition by itself: compare it with nothing"),
            )),
            Some(name) => Err(unknown_function(&name)),
            None => Ok(Operand::Place(place(input, model)?, span)),
        }
    }

    pub(crate) fn span(&self) -> Span {
        match self {
            Operand::Place(_, span) | Operand::Size(_, span) | Operand::Value(_, span) => *span,
        }
    }

    pub(crate) fn into_tokens(self) -> TokenStream {
        match self {
            Operand::Place(tokens, _) | Operand::Size(tokens, _) | Operand::Value(tokens, _) => tokens,
        }
    }

    /// The tokens, if it can stand before a word.
    pub(crate) fn not_a_value(self, word: &str) -> Result<TokenStream> {
        match self {
            Operand::Value(_, span) => {
                Err(Error::new(span, format!("write an attribute or `size(..)` before `{word}`")))
            }
            other => Ok(other.into_tokens()),
        }
    }
}

/// An attribute, and the way further in: `address.city`, `lines[0].price`, `labels."env"`.
pub(crate) fn place(input: ParseStream<'_>, model: &Path) -> Result<TokenStream> {
    let ours = "write an attribute, a value in braces or a literal";
    let Ok(field) = input.fork().call(Ident::parse_any) else {
        return Err(input.error(ours));
    };
    if is_keyword(&field) {
        return Err(Error::new(field.span(), format!("{ours} before `{field}`")));
    }
    input.call(Ident::parse_any)?;
    if field == "self" || input.peek(Token![::]) {
        let text = format!("put a value that Rust makes into braces: `{{{field}..}}`");
        return Err(Error::new(field.span(), text));
    }
    let constant = crate::name::field_constant(&field);
    let mut path = quote!(#model::#constant);
    loop {
        if input.peek(token::Bracket) {
            let position = position(input)?;
            path = quote!(#path.at(#position));
        } else if input.peek(Token![.]) {
            input.parse::<Token![.]>()?;
            path = step(input, &path)?;
        } else {
            return Ok(path);
        }
    }
}

/// What stands after a dot.
fn step(input: ParseStream<'_>, path: &TokenStream) -> Result<TokenStream> {
    if input.peek(LitStr) {
        let key = input.parse::<LitStr>()?;
        return Ok(quote_spanned!(key.span()=> #path.key(#key)));
    }
    if input.peek(token::Brace) {
        let (key, span) = braced(input)?;
        return Ok(quote_spanned!(span=> #path.key(#key)));
    }
    let member = input.call(Ident::parse_any).map_err(|error| {
        Error::new(error.span(), "write the member of a document, or the key of a map in quotes")
    })?;
    if input.peek(token::Paren) {
        let text = "put a value that Rust makes into braces: `{a.b()}`";
        return Err(Error::new(member.span(), text));
    }
    Ok(quote_spanned!(member.span()=> #path.__member(|members| members.#member)))
}

/// `[3]` or `[{nth}]`
fn position(input: ParseStream<'_>) -> Result<TokenStream> {
    let group = input.parse::<Group>()?;
    let ours = "write a position in the list, from 0: `[0]`, or `[{nth}]`";
    let mut tokens = group.stream().into_iter();
    match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Group(inner)), None) if inner.delimiter() == Delimiter::Brace => {
            one_value(&inner, "[{nth}]")
        }
        (Some(TokenTree::Literal(literal)), None)
            if syn::parse2::<LitInt>(TokenTree::from(literal.clone()).into()).is_ok() =>
        {
            Ok(quote!(#literal))
        }
        _ => Err(Error::new(group.span(), ours)),
    }
}

/// A value in braces: any expression.
pub(crate) fn braced(input: ParseStream<'_>) -> Result<(TokenStream, Span)> {
    let group = input.parse::<Group>()?;
    Ok((one_value(&group, "{value}")?, group.span()))
}

fn one_value(group: &Group, example: &str) -> Result<TokenStream> {
    let value = group.stream();
    if value.is_empty() {
        return Err(Error::new(group.span(), format!("write a value into the braces: `{example}`")));
    }
    let comma =
        value.clone().into_iter().find(|token| matches!(token, TokenTree::Punct(p) if p.as_char() == ','));
    // Commas of closures and turbofish stand in a group of their own, so that the call has one argument.
    Ok(if comma.is_some() { quote!(#group) } else { value })
}

/// The comma between two arguments.
pub(crate) fn comma(input: ParseStream<'_>, example: &str) -> Result<()> {
    if !input.peek(Token![,]) {
        return Err(input.error(format!("write a comma and what follows: `{example}`")));
    }
    input.parse::<Token![,]>().map(drop)
}
