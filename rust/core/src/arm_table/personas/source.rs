//! The posteriors for one persona, as a selection's source.
use super::super::hot_set::{Entry, Walk};
use super::super::order::{code_of, slot_of, Key, Side};
use super::super::source::{Source, Steps};
use super::super::ArmTable;
use super::column::{Column, Place};
use super::Personas;

/// What a selection for one persona draws from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ForPersona<'a> {
    table: &'a ArmTable,
    personas: &'a Personas,
    persona: usize,
    column: Option<&'a Column>,
}

impl<'a> ForPersona<'a> {
    pub fn new(table: &'a ArmTable, personas: &'a Personas, persona: usize) -> Self {
        let column = personas.columns.get(persona).filter(|column| column.len() > 0);
        Self { table, personas, persona, column }
    }

    #[inline]
    fn place(self, slot: usize) -> Option<usize> {
        self.column.and_then(|column| column.place(slot))
    }

    fn is_full(self) -> bool {
        self.column.is_some_and(|column| column.full)
    }

    #[inline]
    fn of_cell(self, slot: usize, counts: (f64, f64), live: bool) -> Entry {
        let (alpha, beta) = self.personas.cell_draws(slot, self.persona, counts);
        Entry { alpha, beta, impressions: self.table.impressions[slot], set: self.table.sets[slot], live }
    }
}

impl<'a> Source for ForPersona<'a> {
    type Arm = Entry;
    type Steps = PersonaSteps<'a>;

    #[inline]
    fn entry(self, slot: usize) -> Entry {
        match self.column.and_then(|column| column.place(slot).map(|place| column.counts(place))) {
            Some(counts) => self.of_cell(slot, counts, true),
            None => self.personas.others.entry(slot, self.table.columns()),
        }
    }

    #[inline]
    fn code(self, slot: usize) -> u16 {
        match self.column.and_then(|column| column.place(slot).map(|place| column.code(place))) {
            Some(code) => code,
            None => self.personas.others.index.code(slot),
        }
    }

    fn steps(self) -> PersonaSteps<'a> {
        let mut cells = self.column.map(|column| column.hot_set.walk());
        let mut others = (!self.is_full()).then(|| self.personas.others.hot_set.walk());
        let cell = cells.as_mut().and_then(Walk::next);
        let other = others.as_mut().and_then(Walk::next);
        PersonaSteps { source: self, least: self.least(), cells, others, cell, other }
    }

    fn least(self) -> u16 {
        let of_cells = self.column.map_or(1, |column| column.hot_set.least());
        let of_others = if self.is_full() { 1 } else { self.personas.others.hot_set.least() };
        of_cells.max(of_others)
    }

    fn highest(self, wanted: usize) -> u16 {
        self.personas.others.index.highest(wanted)
    }

    fn visit_above(self, cuts: [u16; 2], min_impressions: i64, end: u16, mut visit: impl FnMut(usize, u16)) {
        if let Some(column) = self.column {
            column.visit_above(cuts[0].min(cuts[1]), end, &mut visit);
        }
        if !self.is_full() {
            self.personas.others.index.visit_above(cuts, min_impressions, end, |slot, code| {
                if self.place(slot).is_none() {
                    visit(slot, code);
                }
            });
        }
    }
}

/// A walk through the cells of a persona and the arms without a cell, in the order of their keys.
pub(crate) struct PersonaSteps<'a> {
    source: ForPersona<'a>,
    least: u16,
    cells: Option<Walk<'a, Place>>,
    others: Option<Walk<'a, Entry>>,
    /// The next ones.
    cell: Option<(Key, &'a Place)>,
    other: Option<(Key, &'a Entry)>,
}

impl PersonaSteps<'_> {
    #[inline(always)]
    fn next_of(&mut self, wanted: impl Fn(Key) -> bool) -> Option<(Key, Entry)> {
        loop {
            let from_cells = match (&self.cell, &self.other) {
                (Some(cell), Some(other)) => cell.0 <= other.0,
                (cell, other) => {
                    if other.is_none() {
                        cell.as_ref()?;
                    }
                    cell.is_some()
                }
            };
            if from_cells {
                let (key, place) = self.cell?;
                if code_of(key) < self.least {
                    return None;
                }
                self.cell = self.cells.as_mut().and_then(Walk::next);
                if wanted(key) && super::super::hot_set::Kept::is_live(place) {
                    let counts = self.source.column?.counts(place.index());
                    return Some((key, self.source.of_cell(slot_of(key), counts, true)));
                }
            } else {
                let (key, entry) = self.other?;
                if code_of(key) < self.least {
                    return None;
                }
                self.other = self.others.as_mut().and_then(Walk::next);
                if wanted(key) && entry.live && self.source.place(slot_of(key)).is_none() {
                    return Some((key, *entry));
                }
            }
        }
    }
}

impl Steps<Entry> for PersonaSteps<'_> {
    #[inline(always)]
    fn next(&mut self) -> Option<(Key, Entry)> {
        self.next_of(|_| true)
    }

    #[inline(always)]
    fn next_on(&mut self, side: Side) -> Option<(Key, Entry)> {
        self.next_of(|key| side.may_have(key))
    }
}
