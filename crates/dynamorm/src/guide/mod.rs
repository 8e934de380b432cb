//! What no single method tells: one page for each way of working, with what it costs and what it does not promise.

#[cfg(feature = "cache")]
#[doc = include_str!("caching.md")]
pub mod caching {}

#[doc = include_str!("leases.md")]
pub mod leases {}

#[doc = include_str!("shards.md")]
pub mod shards {}

#[doc = include_str!("streams.md")]
pub mod streams {}

#[doc = include_str!("tenants.md")]
pub mod tenants {}

#[doc = include_str!("unique.md")]
pub mod unique {}

#[doc = include_str!("vectors.md")]
pub mod vectors {}
