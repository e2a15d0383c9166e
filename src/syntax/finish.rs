//! The last step: definitions grouped by place, attributes by class.

use super::lowering::Lowering;
use super::lowering::UNPLACED;
use crate::facts::AttributeDef;
use crate::facts::Definition;
use crate::facts::FileFacts;
use crate::facts::How;
use crate::facts::LocalClass;
use crate::facts::Node;
use crate::facts::NodeId;
use crate::facts::PlaceId;
use rustc_hash::FxHashMap;

/// The facts of a lowered tree.
pub(super) fn finish(lowering: Lowering) -> FileFacts {
    let Lowering {
        mut facts,
        symbols,
        receivers,
        attributes,
        ..
    } = lowering;
    facts.strings = symbols.strings;
    place_imports(&mut facts);
    group_definitions(&mut facts);
    if !receivers.is_empty() {
        let classes: FxHashMap<PlaceId, LocalClass> = receivers.into_iter().collect();
        assign_attributes(&mut facts, &classes, attributes);
    }
    facts.nodes.shrink_to_fit();
    facts.strings.shrink_to_fit();
    facts.places.shrink_to_fit();
    facts.functions.shrink_to_fit();
    facts
}

fn place_imports(facts: &mut FileFacts) {
    for definition in &facts.definitions {
        if let How::Import(index) = definition.how {
            facts.imports[index as usize].place = Some(definition.place);
        }
    }
}

/// Groups definitions by place with a counting sort; inside a group they are ordered by node.
fn group_definitions(facts: &mut FileFacts) {
    let FileFacts {
        places, definitions, ..
    } = facts;
    definitions.retain(|it| it.place != UNPLACED);
    for definition in &*definitions {
        places[definition.place.0 as usize].n_defs += 1;
    }
    let mut next = 0;
    for place in &mut *places {
        place.first_def = next;
        next += place.n_defs;
        place.n_defs = 0;
    }
    let mut grouped: Vec<Definition> = definitions.clone();
    for definition in &*definitions {
        let place = &mut places[definition.place.0 as usize];
        grouped[(place.first_def + place.n_defs) as usize] = *definition;
        place.n_defs += 1;
    }
    for place in &*places {
        let first = place.first_def as usize;
        let group = &mut grouped[first..first + place.n_defs as usize];
        if !group.is_sorted_by_key(|it| it.node) {
            group.sort_by_key(|it| it.node);
        }
    }
    *definitions = grouped;
}

/// Hands the assignments whose receiver is a method's first parameter to its class.
fn assign_attributes(
    facts: &mut FileFacts,
    classes: &FxHashMap<PlaceId, LocalClass>,
    attributes: Vec<(NodeId, AttributeDef)>,
) {
    let class_of = |nodes: &[Node], receiver: NodeId| {
        let place = PlaceId(nodes[receiver.0 as usize].payload);
        classes.get(&place).copied()
    };
    let mut owned: Vec<(LocalClass, AttributeDef)> = attributes
        .into_iter()
        .filter_map(|(receiver, it)| Some((class_of(&facts.nodes, receiver)?, it)))
        .collect();
    owned.sort_by_key(|(class, it)| (*class, it.node));
    for group in owned.chunk_by(|a, b| a.0 == b.0) {
        if let Some((class, _)) = group.first() {
            facts.classes[class.0 as usize].attributes = group.iter().map(|(_, it)| *it).collect();
        }
    }
}
