//! Whose tokens the service believes, where no authorizer stands before it.

use lift::{BoxError, Jwt, Keys};

/// The issuer that the environment names, with its public keys; none if it names none.
///
/// # Errors
///
/// If a variable is missing, or the keys cannot be used.
pub fn jwt(var: impl Fn(&str) -> Option<String>) -> Result<Option<Jwt>, BoxError> {
    let set = |name: &str| var(name).filter(|value| !value.is_empty());
    let Some(issuer) = set("JWT_ISSUER") else { return Ok(None) };
    let needed = |name: &str| set(name).ok_or_else(|| format!("JWT_ISSUER is set, and {name} is not"));
    let (audience, file) = (needed("JWT_AUDIENCE")?, needed("JWT_KEYS")?);
    let keys = std::fs::read_to_string(&file).map_err(|error| format!("JWT_KEYS, {file}: {error}"))?;
    let keys = Keys::jwks(&keys).map_err(|error| format!("JWT_KEYS, {file}: {error}"))?;
    Ok(Some(Jwt::new(keys, &issuer, &audience)))
}
