"""The open telecom messaging stack: SMPP on one side, SS7 on the other, a gateway between."""
