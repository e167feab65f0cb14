//! `scarabctl resize`: gives a session a size, or says whose size it has.

use scarab_protocol::{
    ids::{Name, TermSize},
    message::{Done, SetSize, SetSizePolicy, SizePolicy, Target},
};
use serde_json::json;

use super::{
    connection::Which,
    outcome::{CtlError, Output},
    session_json::policy_name,
};

/// Which session, and its size or its policy.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The session
    name: Name,
    /// Its size in cells, which it then keeps
    #[arg(value_name = "COLSxROWS", required_unless_present = "policy")]
    size: Option<TermSize>,
    /// Whose size it has from now on: the client's that was last used, the smallest, the largest, or nobody's
    #[arg(long, conflicts_with = "size")]
    policy: Option<Policy>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Policy {
    Latest,
    Smallest,
    Largest,
    Manual,
}

impl From<Policy> for SizePolicy {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::Latest => Self::Latest,
            Policy::Smallest => Self::Smallest,
            Policy::Largest => Self::Largest,
            Policy::Manual => Self::Manual,
        }
    }
}

/// Sets the size, or the policy.
pub fn run(which: &Which, args: &Args, output: Output) -> Result<(), CtlError> {
    let connection = which.connect()?;
    let target = Target::Name(args.name.to_string());
    if let Some(size) = args.size {
        let Done {} = connection.ask(&SetSize { target, size })?;
        return output.print_only_json(&json!({ "session": args.name.as_str(), "cols": size.cols, "rows": size.rows }));
    }
    let policy = args.policy.map_or(SizePolicy::Latest, SizePolicy::from);
    let Done {} = connection.ask(&SetSizePolicy { target, policy })?;
    output.print_only_json(&json!({ "session": args.name.as_str(), "size_policy": policy_name(policy) }))
}
