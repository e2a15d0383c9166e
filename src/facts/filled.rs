//! Lists and texts that a region makes empty and fills: what they hold in the end is what was added.

use super::{FileFacts, How, Kind, NodeId, PlaceId, Role};

/// Methods that add to a collection and change nothing else.
const ADDS: [&str; 7] = [
    "append",
    "extend",
    "add",
    "update",
    "insert",
    "appendleft",
    "setdefault",
];

impl FileFacts {
    /// What decides the content of a collection or text that a region makes and then only adds to: the loops around the
    /// additions whole (a `continue` in them decides too), the tests around them, and what is added. `None` where the
    /// region does not make it, or does more with it.
    #[must_use]
    pub(super) fn filled_by(&self, region: NodeId, place: PlaceId) -> Option<Vec<NodeId>> {
        let owner = self.place(place).owner;
        let mut made = 0;
        let mut additions = Vec::new();
        for it in self.definitions_of(place) {
            match it.how {
                _ if !self.contains(region, it.node) || it.function != owner => return None,
                How::Assign { .. } => made += 1,
                How::Augment { .. } => additions.push(self.parent(it.node)),
                _ => return None,
            }
        }
        let uses = self
            .subtree(region)
            .filter(|&it| self.name_place(it) == Some(place) && self.is_changed_at(it));
        for usage in uses {
            let top = self.top(usage);
            let addition = match self.method_on(usage) {
                Some((method, call)) => ADDS.contains(&method).then_some(call),
                None => (self.kind(self.parent(top)) == Kind::Assign).then(|| self.parent(top)),
            };
            additions.push(addition.filter(|&it| self.function_of(it) == owner)?);
        }
        if made != 1 || additions.is_empty() {
            return None;
        }
        let mut roots = Vec::new();
        for addition in additions {
            self.decides(region, addition, &mut roots)?;
        }
        Some(roots)
    }

    /// An addition, the outermost loop around it in the region, and the tests around that.
    fn decides(&self, region: NodeId, addition: NodeId, roots: &mut Vec<NodeId>) -> Option<()> {
        let mut outermost = addition;
        let mut tests = Vec::new();
        for around in self.ancestors(addition).take_while(|&it| it != region) {
            match self.kind(around) {
                Kind::For => {
                    outermost = around;
                    tests.clear();
                }
                Kind::If => tests.extend(self.child(around, Role::Test)),
                Kind::While | Kind::AsyncFor | Kind::Match => return None,
                _ => {}
            }
        }
        roots.push(outermost);
        roots.extend(tests);
        Some(())
    }
}
