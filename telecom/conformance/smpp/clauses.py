"""The clauses that cases are about, by their titles: SMPP 3.4 issue 1.2 and SMPP 5.0."""

from typing import Final

_V34: Final = """
2.2 SMPP session description
2.2.1 Outbind
2.3 SMPP PDUs (table 2-1, session states)
2.7 Duplex message exchange between an SMSC and an ESME
2.8 SMPP error handling
2.9 SMPP timers
2.10.2 Store and forward message mode
2.10.3 Datagram message mode
2.10.4 Transaction message mode
2.11 Message types
3.1 SMPP PDU type definitions
3.2 General SMPP PDU format
3.2.4 Optional parameters
3.2.4.1 Optional parameter format
3.3.1 Forward compatibility
3.3.2 Backward compatibility
4.1 BIND operation
4.1.1 BIND_TRANSMITTER
4.1.2 BIND_TRANSMITTER_RESP
4.1.3 BIND_RECEIVER
4.1.4 BIND_RECEIVER_RESP
4.1.5 BIND_TRANSCEIVER
4.1.6 BIND_TRANSCEIVER_RESP
4.1.7 OUTBIND
4.2 UNBIND operation
4.2.1 UNBIND
4.2.2 UNBIND_RESP
4.3 GENERIC_NACK
4.3.1 GENERIC_NACK syntax
4.4.1 SUBMIT_SM
4.4.2 SUBMIT_SM_RESP
4.5.1 SUBMIT_MULTI
4.5.1.2 Distribution list destinations
4.5.2 SUBMIT_MULTI_RESP
4.5.2.1 Unsuccessful deliveries
4.6.1 DELIVER_SM
4.6.2 DELIVER_SM_RESP
4.7.1 DATA_SM
4.7.2 DATA_SM_RESP
4.8.1 QUERY_SM
4.8.2 QUERY_SM_RESP
4.9.1 CANCEL_SM
4.9.2 CANCEL_SM_RESP
4.10.1 REPLACE_SM
4.10.2 REPLACE_SM_RESP
4.11.1 ENQUIRE_LINK
4.11.2 ENQUIRE_LINK_RESP
4.12.1 ALERT_NOTIFICATION
5.1.1 command_length
5.1.3 command_status
5.1.4 sequence_number
5.2.1 system_id
5.2.2 password
5.2.3 system_type
5.2.4 interface_version
5.2.5 Type of number
5.2.6 Numbering plan indicator
5.2.7 address_range
5.2.8 source_addr
5.2.9 destination_addr
5.2.11 service_type
5.2.12 esm_class
5.2.13 protocol_id
5.2.14 priority_flag
5.2.15 schedule_delivery_time
5.2.16 validity_period
5.2.17 registered_delivery
5.2.18 replace_if_present_flag
5.2.19 data_coding
5.2.20 sm_default_msg_id
5.2.21 sm_length
5.2.22 short_message
5.2.23 message_id
5.2.24 number_of_dests
5.2.25 dest_flag
5.2.26 no_unsuccess
5.2.27 dl_name
5.2.28 message_state
5.3.2 SMPP optional parameter definitions
5.3.2.12 receipted_message_id
5.3.2.14 privacy_indicator
5.3.2.17 user_message_reference
5.3.2.20 source_port
5.3.2.21 destination_port
5.3.2.22 sar_msg_ref_num
5.3.2.23 sar_total_segments
5.3.2.24 sar_segment_seqnum
5.3.2.25 sc_interface_version
5.3.2.32 message_payload
5.3.2.34 more_messages_to_send
5.3.2.35 message_state
5.3.2.36 callback_num
5.3.2.41 alert_on_message_delivery
7.1.1 Time format
7.2 Timer definitions
B Delivery receipt format
"""

_V50: Final = """
2.3 Session states
2.3.1 Open
2.3.5 Unbound
2.3.6 Closed
2.3.7 Outbound
2.4 Operation matrix
2.5.5 Example outbind session
2.6.1 The PDU sequence number
2.6.2 Why use monotonically increasing sequence numbers
2.6.3 Sequence numbers across sessions
2.6.4 Synchronous vs. asynchronous
2.7 Session timers
2.8.1 Handling connection failure
2.8.2 Operation failure
2.9 Flow control and congestion avoidance
2.10 Session security and encryption
2.10.2 Secure transport layer
2.11.1 Forward compatibility
2.11.2 Backward compatibility
3.1 Parameter type definitions
3.1.1 NULL settings
3.2.1.1 command_length
3.2.1.3 command_status
3.2.1.6 TLV parameters
4.1.1 Bind operation
4.1.1.1 bind_transmitter
4.1.1.3 bind_receiver
4.1.1.5 bind_transceiver
4.1.1.6 bind_transceiver_resp
4.1.1.7 outbind
4.1.1.8 unbind
4.1.1.9 unbind_resp
4.1.2.1 enquire_link
4.1.2.2 enquire_link_resp
4.1.3.1 alert_notification
4.1.4.1 generic_nack
4.2.1.1 submit_sm
4.2.2.1 data_sm
4.2.3.1 submit_multi
4.2.6.1.2 Alphanumeric format
4.2.6.3 ESME addresses
4.2.7 Message replace operation in submit_sm
4.2.8 Message length
4.2.9.1 Registered
4.2.10.2 Store and forward message mode
4.2.10.3 Datagram message mode
4.2.10.4 Transaction message mode
4.3.1.1 deliver_sm
4.3.1.2 deliver_sm_resp
4.3.2 data_sm
4.3.5.1 MC delivery receipt
4.3.5.2 Intermediate notification
4.4.1.1 broadcast_sm
4.4.1.2 broadcast_sm_resp
4.5.1 cancel_sm
4.5.2 query_sm
4.5.3 replace_sm
4.6.1.1 query_broadcast_sm
4.6.1.3 query_broadcast_sm_resp
4.6.2.1 cancel_broadcast_sm
4.6.2.3 cancel_broadcast_sm_resp
4.7.1 Type of number
4.7.2 Numbering plan indicator
4.7.3 address_range
4.7.3.1 UNIX regular expressions
4.7.6 command_status
4.7.7 data_coding
4.7.8 destination_addr
4.7.9 dest_flag
4.7.10 dl_name
4.7.12 esm_class
4.7.13 interface_version
4.7.14 message_id
4.7.15 message_state
4.7.16 no_unsuccess
4.7.17 number_of_dests
4.7.18 password
4.7.19 priority_flag
4.7.20 protocol_id
4.7.21 registered_delivery
4.7.22 replace_if_present_flag
4.7.23.1 schedule_delivery_time
4.7.23.2 validity_period
4.7.23.3 final_date
4.7.23.4 Absolute time format
4.7.24 sequence_number
4.7.25 service_type
4.7.26 short_message
4.7.27 sm_default_msg_id
4.7.28 sm_length
4.7.29 source_addr
4.7.30 system_id
4.7.31 system_type
4.8.4.4 broadcast_area_identifier
4.8.4.8 broadcast_content_type
4.8.4.11 broadcast_frequency_interval
4.8.4.13 broadcast_rep_num
4.8.4.15 callback_num
4.8.4.18 congestion_state
4.8.4.36 message_payload
4.8.4.37 message_state
4.8.4.38 more_messages_to_send
4.8.4.47 receipted_message_id
4.8.4.48 sar_msg_ref_num
4.8.4.51 sc_interface_version
4.8.4.62 user_message_reference
"""


def _titles(document: str, lines: str) -> dict[str, str]:
    parts = (line.partition(" ") for line in lines.strip().splitlines())
    return {f"{document} {number}": title for number, _, title in parts}


CLAUSES: Final = {**_titles("3.4", _V34), **_titles("5.0", _V50)}
"""Each clause by its document and number, with its title."""
