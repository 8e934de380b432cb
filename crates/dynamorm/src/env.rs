//! A database by settings alone: `DYNAMORM_URL`, and what Lambda and AWS tools set.

use crate::{Db, Error, Result};
use std::ffi::OsStr;

/// The variable that says which database.
const URL: &str = "DYNAMORM_URL";
/// Set inside Lambda.
const LAMBDA: &str = "AWS_LAMBDA_RUNTIME_API";
/// Any of these says that this machine is set up for AWS.
const AWS_SETTINGS: [&str; 5] =
    ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE"];

// No line break in front: it would take the first line's indent with it.
const FORMS: &str = "  memory:                  DynamoDB in this process, gone when it ends
  file:./app.db            DynamoDB in this process, kept in a file
  http://127.0.0.1:8000    DynamoDB Local, or any endpoint
  aws:                     DynamoDB, with the region and credentials that all AWS tools use";

impl Db {
    /// The database that the settings name.
    ///
    /// `DYNAMORM_URL` says which: see [`Db::connect`] for its forms. Without it: DynamoDB inside Lambda, and wherever a
    /// region, a profile or an access key is set; else an error that lists the forms.
    ///
    /// # Errors
    ///
    /// Those of [`Db::connect`], and [`InvalidRequest`](crate::ErrorKind::InvalidRequest) if nothing is set.
    pub async fn from_env() -> Result<Self> {
        let url = std::env::var_os(URL);
        let is_set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let on_aws = is_set(&LAMBDA) || AWS_SETTINGS.iter().any(is_set);
        match chosen(url.as_deref(), on_aws) {
            Ok(url) => Self::connect(&url).await,
            Err(problem) => Err(Error::invalid(format!("{problem}\n{FORMS}"))),
        }
    }

    /// The database at a URL:
    ///
    /// - `memory:` is DynamoDB in this process, gone when it ends;
    /// - `file:./app.db` is the same in a file, in which every answered write is kept;
    /// - `http://127.0.0.1:8000` is DynamoDB Local, or any endpoint;
    /// - `aws:` is DynamoDB, with the region and credentials that all AWS tools use.
    ///
    /// The first two need the feature `embedded`, the others `aws-config`.
    ///
    /// # Errors
    ///
    /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) if the URL has none of these forms, or needs a feature that this
    /// program was built without; [`Transport`](crate::ErrorKind::Transport) if the file cannot be opened, or no AWS region
    /// is set.
    ///
    /// ```
    /// # use dynamorm::{Db, Result};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let db = Db::connect("memory:").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect(url: &str) -> Result<Self> {
        match form(url) {
            Some(Form::Memory) => memory(),
            Some(Form::File(path)) => file(path),
            Some(Form::Endpoint) => endpoint(url).await,
            Some(Form::Aws) => aws().await,
            None => {
                Err(Error::invalid(format!("the database URL has an unknown form; it is one of\n{FORMS}")))
            }
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Form<'a> {
    Memory,
    File(&'a str),
    Endpoint,
    Aws,
}

fn form(url: &str) -> Option<Form<'_>> {
    match url.split_once(':')? {
        ("memory", "") => Some(Form::Memory),
        // `file:///var/app.db` is the path `/var/app.db`, as in other URLs.
        ("file", path) => {
            Some(path.strip_prefix("//").unwrap_or(path)).filter(|path| !path.is_empty()).map(Form::File)
        }
        ("http" | "https", rest) if rest.starts_with("//") => Some(Form::Endpoint),
        ("aws", "") => Some(Form::Aws),
        _ => None,
    }
}

/// The URL to connect to, or what is wrong with the settings.
fn chosen(url: Option<&OsStr>, on_aws: bool) -> Result<String, &'static str> {
    match url.filter(|url| !url.is_empty()) {
        Some(url) => match url.to_str() {
            Some(url) if form(url).is_some() => Ok(url.to_owned()),
            _ => Err("DYNAMORM_URL has an unknown form; it is one of"),
        },
        None if on_aws => Ok("aws:".to_owned()),
        None => Err("no database is set: there are no AWS settings, and no DYNAMORM_URL, which is one of"),
    }
}

/// For programs that were built without the feature that a URL needs.
#[cfg(not(all(feature = "embedded", feature = "aws-config")))]
fn without(feature: &str, form: &str) -> Error {
    Error::invalid(format!(
        "`{form}` needs the feature `{feature}` of dynamorm, and this program was built without"
    ))
}

#[cfg(feature = "embedded")]
fn memory() -> Result<Db> {
    Db::memory()
}

#[cfg(not(feature = "embedded"))]
fn memory() -> Result<Db> {
    Err(without("embedded", "memory:"))
}

#[cfg(feature = "embedded")]
fn file(path: &str) -> Result<Db> {
    Db::open(path)
}

#[cfg(not(feature = "embedded"))]
fn file(_: &str) -> Result<Db> {
    Err(without("embedded", "file:"))
}

#[cfg(feature = "aws-config")]
async fn endpoint(url: &str) -> Result<Db> {
    Ok(Db::with_transport(crate::transport::Aws::endpoint(url).await?))
}

#[cfg(not(feature = "aws-config"))]
#[allow(clippy::unused_async)]
async fn endpoint(_: &str) -> Result<Db> {
    Err(without("aws-config", "http://"))
}

#[cfg(feature = "aws-config")]
async fn aws() -> Result<Db> {
    Ok(Db::with_transport(crate::transport::Aws::from_env().await?))
}

#[cfg(not(feature = "aws-config"))]
#[allow(clippy::unused_async)]
async fn aws() -> Result<Db> {
    Err(without("aws-config", "aws:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_one_of_four_forms() {
        assert_eq!(form("memory:"), Some(Form::Memory));
        assert_eq!(form("file:./app.db"), Some(Form::File("./app.db")));
        assert_eq!(form("file:///var/app.db"), Some(Form::File("/var/app.db")));
        assert_eq!(form("http://127.0.0.1:8000"), Some(Form::Endpoint));
        assert_eq!(form("https://dynamodb.eu-west-1.amazonaws.com"), Some(Form::Endpoint));
        assert_eq!(form("aws:"), Some(Form::Aws));
        for wrong in
            ["", "memory", "memory:x", "file:", "./app.db", "http:127.0.0.1", "postgres://x", "aws:x"]
        {
            assert_eq!(form(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn without_a_url_aws_settings_decide() {
        assert_eq!(chosen(None, true), Ok("aws:".to_owned()));
        assert_eq!(chosen(Some(OsStr::new("memory:")), true), Ok("memory:".to_owned()));
        assert!(chosen(None, false).is_err());
        assert!(chosen(Some(OsStr::new("app.db")), true).is_err());
    }

    #[tokio::test]
    async fn an_unknown_url_is_answered_with_the_forms() {
        let error = Db::connect("app.db").await.unwrap_err().to_string();
        for form in ["memory:", "file:./app.db", "http://127.0.0.1:8000", "aws:"] {
            assert!(error.contains(&format!("\n  {form} ")), "{error}");
        }
    }
}
