//! The mistakes found so far: all of them are shown by one compile, each at its place.

use proc_macro2::{Span, TokenStream};
use std::fmt::Display;

/// Collects mistakes.
#[derive(Default)]
pub(crate) struct Errors {
    found: Vec<syn::Error>,
    misread: bool,
}

impl Errors {
    /// Adds a mistake at a place; the text says what to write instead.
    pub(crate) fn at(&mut self, span: Span, text: impl Display) {
        self.found.push(syn::Error::new(span, text));
    }

    /// Adds a word that was not understood.
    pub(crate) fn misread(&mut self, error: syn::Error) {
        self.misread = true;
        self.found.push(error);
    }

    /// True if a word was not understood: what seems to be missing may be what it means.
    pub(crate) fn is_misread(&self) -> bool {
        self.misread
    }

    /// Adds what a parser says.
    pub(crate) fn add(&mut self, error: syn::Error) {
        self.found.push(error);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// One `compile_error!` for each mistake.
    pub(crate) fn to_tokens(&self) -> TokenStream {
        self.found.iter().map(syn::Error::to_compile_error).collect()
    }

    #[cfg(test)]
    pub(crate) fn texts(&self) -> Vec<String> {
        self.found.iter().flat_map(|e| e.clone().into_iter().map(|e| e.to_string())).collect()
    }
}
