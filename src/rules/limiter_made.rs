//! Limiters that limit nothing from the start: made too big, or never entered.

use super::fan_out_text as text;
use crate::diagnostic::{Diagnostic, RuleInfo, Severity};
use crate::facts::NodeId;
use crate::rules::Context;

/// Reports the constructions of a module.
pub(super) fn check(cx: &Context<'_>, rule: &'static RuleInfo, found: &mut Vec<Diagnostic>) {
    for limiter in cx.project.limiters.too_big(cx.module) {
        found.push(too_big(cx, rule, *limiter));
    }
    for &(name, made) in cx.project.limiters.never_entered(cx.module) {
        let name = cx.facts().text(name);
        let function = cx.function(cx.facts().function_of(made));
        let message = format!("`{name}` is made and never entered, so it limits nothing");
        let mut diagnostic = cx.diagnostic(rule, function, made, message);
        "whoever reads the code believes that a bound exists".clone_into(&mut diagnostic.why);
        diagnostic.help = format!("enter it where the work is done: `async with {name}:`, or remove it");
        diagnostic.severity = Severity::Medium;
        found.push(diagnostic);
    }
}

fn too_big(cx: &Context<'_>, rule: &'static RuleInfo, call: NodeId) -> Diagnostic {
    let made = cx.call_text(text::at(cx, call));
    let function = cx.function(cx.facts().function_of(call));
    let message = format!("`{made}` has as many places as there is work, so it limits nothing");
    let mut diagnostic = cx.diagnostic(rule, function, call, message);
    "the code looks bounded, and everything runs at once".clone_into(&mut diagnostic.why);
    diagnostic.help = format!("give it the number that the other side can take: `{made}(10)`");
    diagnostic
}
