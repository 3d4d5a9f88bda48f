//! The rows of flows: the flow itself, and the rows that find it by its end, by its owner, and by the
//! address whose proof it waits for. These rows follow from the flow alone, so no act can forget one.

use super::lower::{Lowering, delete, put};
use super::port::StoreError;
use super::range::Range;
use super::tables::{self, FLOW, FLOW_DUE, NOBODY, OPEN_FLOW, WAITING};
use super::view::{View, last_chunk};
use crate::crypto::keys::Keys;
use crate::ground::id::FlowId;
use crate::ground::time::Timestamp;
use crate::records::caller::{ShareKey, Whose};
use crate::records::flow::{FlowKind, FlowRecord, OpenFlows};
use crate::records::mailed_code::AddressHash;

impl View<'_> {
    /// The flow, even if it has ended.
    pub(crate) fn flow(&self, id: FlowId) -> Result<Option<FlowRecord>, StoreError> {
        let flow: Option<FlowRecord> = self.row(&flow(&id))?;
        if let Some(flow) = &flow {
            self.note_flow(id, found_by(flow, self.keys()));
        }
        Ok(flow)
    }

    /// Up to `most` flows that have ended.
    pub(crate) fn flows_due(&self, most: usize) -> Result<Vec<FlowId>, StoreError> {
        self.flow_ids(&due_by(self.now()), most)
    }

    /// The flows of one share that wait for the proof of this address, oldest first.
    pub(crate) fn waiting(&self, address: &AddressHash, share: &ShareKey) -> Result<Vec<FlowId>, StoreError> {
        let prefix = [address.as_slice(), share].concat();
        self.flow_ids(&tables::within(&WAITING, &NOBODY, &prefix), usize::MAX)
    }

    /// How many flows wait for a mailed code.
    pub(crate) fn count_waiting(&self) -> Result<usize, StoreError> {
        let mut count = 0;
        self.rows(&tables::within(&WAITING, &NOBODY, &[]), usize::MAX, |_, _| {
            count += 1;
            Ok(())
        })?;
        Ok(count)
    }

    /// The open flows of a kind that belong to one caller or one origin, oldest first.
    pub(crate) fn open_flows_of(&self, kind: FlowKind, whose: Whose) -> Result<Vec<FlowId>, StoreError> {
        let prefix = [&[kind as u8, u8::from(whose.is_known)], whose.id.as_slice()].concat();
        self.flow_ids(&tables::within(&OPEN_FLOW, &NOBODY, &prefix), usize::MAX)
    }

    /// All open flows of a kind, grouped by owner. The cost grows with their number.
    pub(crate) fn open_flows(&self, kind: FlowKind) -> Result<Vec<OpenFlows>, StoreError> {
        let mut all: Vec<OpenFlows> = Vec::new();
        let mut last = [0; 17];
        self.rows(&tables::within(&OPEN_FLOW, &NOBODY, &[kind as u8]), usize::MAX, |key, _| {
            let whose: &[u8; 17] = key.get(18..).and_then(<[u8]>::first_chunk).ok_or(StoreError::Damaged)?;
            if all.is_empty() || last != *whose {
                last = *whose;
                all.push(OpenFlows { is_known: whose[0] != 0, flows: Vec::new() });
            }
            if let Some(open) = all.last_mut() {
                open.flows.push(FlowId::from_bytes(last_chunk(key)?));
            }
            Ok(())
        })?;
        Ok(all)
    }

    fn flow_ids(&self, range: &Range, most: usize) -> Result<Vec<FlowId>, StoreError> {
        self.ids(range, most, FlowId::from_bytes)
    }
}

impl Lowering<'_> {
    pub(super) fn flow(&mut self, record: &FlowRecord) -> Result<(), StoreError> {
        let before = self.view.noted_flow(record.id);
        let now = found_by(record, self.view.keys());
        self.rows.extend(before.iter().filter(|key| !now.contains(key)).cloned().map(delete));
        let new = now.iter().filter(|key| !before.contains(key));
        self.rows.extend(new.map(|key| put(key.clone(), Vec::new())));
        self.view.note_flow(record.id, now);
        self.put_sealed(flow(&record.id), record)
    }

    pub(super) fn flow_ended(&mut self, id: FlowId) -> Result<(), StoreError> {
        self.view.flow(id)?.ok_or(StoreError::Damaged)?;
        self.rows.extend(self.view.noted_flow(id).into_iter().map(delete));
        self.view.note_flow(id, Vec::new());
        self.rows.push(delete(flow(&id)));
        Ok(())
    }
}

/// The keys of the rows that find a flow.
fn found_by(flow: &FlowRecord, keys: &Keys) -> Vec<Vec<u8>> {
    let id = flow.id.as_bytes();
    let mut found = vec![FLOW_DUE.key(&NOBODY, &[&flow.expires_at.as_millis().to_be_bytes(), id])];
    if let Some(kind) = flow.state.kind() {
        let whose = flow.caller.whose();
        let key = OPEN_FLOW.key(&NOBODY, &[&[kind as u8, u8::from(whose.is_known)], &whose.id, id]);
        found.push(key);
    }
    if let Some(proving) = flow.state.proving() {
        let address = proving.purpose.address_hash(&proving.email, keys);
        found.push(WAITING.key(&NOBODY, &[&address, &proving.share, id]));
    }
    found
}

fn flow(id: &FlowId) -> Vec<u8> {
    FLOW.key(&NOBODY, &[id.as_bytes()])
}

/// The flows that have ended at `now`.
fn due_by(now: Timestamp) -> Range {
    let past = FLOW_DUE.key(&NOBODY, &[&now.as_millis().saturating_add(1).to_be_bytes(), &[0; 16]]);
    Range { from: FLOW_DUE.key(&NOBODY, &[&[0; 24]]), to: past }
}
