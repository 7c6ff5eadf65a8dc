"""The operator's side, simulated: HLR, MNP-SRF, SMS router, MSC/VLR and handsets, over MAP."""
