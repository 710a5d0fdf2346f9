// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Admin} from "./Admin.sol";
import {IDeploymentGate} from "./IDeploymentGate.sol";
import {Seats} from "./Seats.sol";

/// @title DeploymentGate
/// @notice See IDeploymentGate. Times are block times, used for expiry alone; order is
/// the order of transactions.
contract DeploymentGate is IDeploymentGate, Admin, EIP712 {
    /// @notice Who has it may propose: the job that makes requests.
    bytes32 public constant PROPOSER_ROLE = keccak256("PROPOSER_ROLE");

    /// @notice EIP-712 type of a request. `idOf` is its struct hash.
    bytes32 public constant REQUEST_TYPEHASH = keccak256(
        "Request(bytes32 request,bytes32 environment,bytes32 artifact,bytes32 commit,uint32 epoch,uint40 expires,uint24 excluded)"
    );

    /// @notice EIP-712 type of a vote.
    bytes32 public constant VOTE_TYPEHASH = keccak256(
        "Vote(Request request,uint8 decision,uint40 validUntil)Request(bytes32 request,bytes32 environment,bytes32 artifact,bytes32 commit,uint32 epoch,uint40 expires,uint24 excluded)"
    );

    /// @notice Most people of a policy.
    uint256 public constant MAX_PEOPLE = 24;
    /// @notice Most signers of one person.
    uint256 public constant MAX_SIGNERS = 8;

    /// @dev One slot. No seats: the environment is closed.
    struct InForce {
        address executor;
        uint32 epoch;
        uint32 seats;
        uint8 vetoRoles;
        uint24 maxAge;
    }

    /// @dev One slot. Membership is of one epoch, and never changes within it.
    struct Member {
        bool exists;
        uint8 person;
        uint8 roles;
    }

    /// @dev One slot.
    struct Record {
        Status status;
        uint40 until;
        uint24 voters;
        uint24 withdrawn;
        address proposer;
    }

    mapping(bytes32 environment => InForce) private _policies;
    mapping(bytes32 key => Member) private _members;
    mapping(bytes32 id => Record) private _records;

    /// @param admin Sets policies and names proposers: a Safe or a timelock.
    /// @param delay Seconds that a change of the admin takes.
    constructor(address admin, uint48 delay) Admin(admin, delay) EIP712("Gateledger DeploymentGate", "1") {}

    /// @inheritdoc IDeploymentGate
    function setPolicy(bytes32 environment, Policy calldata policy, Person[] calldata people)
        external
        onlyRole(DEFAULT_ADMIN_ROLE)
    {
        if (environment == 0) revert EmptyDigest();
        if (policy.executor == address(0)) revert BadPolicy(1);
        if (policy.maxAge == 0) revert BadPolicy(2);
        if (people.length == 0 || people.length > MAX_PEOPLE) revert BadPolicy(3);
        if (policy.vetoRoles > Seats.ALL) revert BadPolicy(8);
        uint32 epoch = _policies[environment].epoch + 1;
        uint256 roles = 0;
        for (uint256 p = 0; p < people.length; ++p) {
            if (people[p].roles == 0 || people[p].roles > Seats.ALL) revert BadPolicy(4);
            roles = Seats.add(roles, p, people[p].roles);
            // forge-lint: disable-next-line(unsafe-typecast)
            _enrol(environment, epoch, uint8(p), people[p]); // at most 24
        }
        uint32 seats = Seats.pack(policy.seats);
        if (seats == 0 || !Seats.filled(seats, roles, people.length)) revert BadPolicy(9);
        _policies[environment] = InForce(policy.executor, epoch, seats, policy.vetoRoles, policy.maxAge);
        emit PolicySet(environment, epoch, policy, people);
    }

    /// @inheritdoc IDeploymentGate
    function close(bytes32 environment) external onlyRole(DEFAULT_ADMIN_ROLE) {
        uint32 epoch = _policies[environment].epoch;
        if (_policies[environment].seats == 0) revert NoPolicy(environment);
        _policies[environment] = InForce(address(0), epoch + 1, 0, 0, 0);
        emit Closed(environment, epoch + 1);
    }

    /// @inheritdoc IDeploymentGate
    function propose(Request calldata r) external onlyRole(PROPOSER_ROLE) returns (bytes32 id) {
        if (r.request == 0 || r.artifact == 0 || r.commit == 0) revert EmptyDigest();
        InForce memory policy = _inForce(r);
        if (block.timestamp > r.expires) revert Expired(r.expires);
        if (r.expires > block.timestamp + policy.maxAge) {
            revert TooLong(uint40(block.timestamp + policy.maxAge), r.expires);
        }
        Member memory m = _members[_memberKey(r.environment, r.epoch, keccak256(abi.encodePacked(msg.sender)))];
        if (m.exists && !_has(r.excluded, m.person)) revert ProposerNotExcluded(m.person);
        id = idOf(r);
        if (_records[id].status != Status.None) revert AlreadyProposed(id);
        _records[id] = Record(Status.Open, r.expires, 0, 0, msg.sender);
        emit Proposed(id, r.request, r.environment, msg.sender, r);
    }

    /// @inheritdoc IDeploymentGate
    function approve(Request calldata r, Vote[] calldata votes) external {
        bytes32 id = idOf(r);
        Record memory record = _records[id];
        // An approval whose votes ran out can be shown again, with fresh votes.
        bool lapsed = record.status == Status.Approved && block.timestamp > record.until;
        if (record.status != Status.Open && !lapsed) revert WrongStatus(id, record.status);
        if (block.timestamp > r.expires) revert Expired(r.expires);
        InForce memory policy = _inForce(r);
        (record.voters, record.until) = _count(r, id, votes, policy.seats, record.withdrawn);
        record.status = Status.Approved;
        _records[id] = record;
        emit Approved(id, r.request, r.environment, record.voters, record.until);
    }

    /// @inheritdoc IDeploymentGate
    function veto(Request calldata r, Vote calldata vote) external {
        (bytes32 id, Record memory record) = _pending(r);
        Member memory m = _checked(r, id, Decision.Veto, vote, 0);
        if (m.roles & _inForce(r).vetoRoles == 0) revert NoVeto(m.person);
        record.status = Status.Vetoed;
        _records[id] = record;
        emit Vetoed(id, r.request, m.person);
    }

    /// @inheritdoc IDeploymentGate
    function withdraw(Request calldata r, Vote calldata vote) external {
        (bytes32 id, Record memory record) = _pending(r);
        _inForce(r);
        Member memory m = _checked(r, id, Decision.Withdraw, vote, 0);
        if (_has(record.withdrawn, m.person)) revert HasWithdrawn(0, m.person);
        if (_has(record.voters, m.person)) {
            record.status = Status.Open;
            record.voters = 0;
            record.until = r.expires;
        }
        record.withdrawn |= _bit(m.person);
        _records[id] = record;
        emit Withdrawn(id, r.request, m.person);
    }

    /// @inheritdoc IDeploymentGate
    function cancel(Request calldata r) external {
        (bytes32 id, Record memory record) = _pending(r);
        if (msg.sender != record.proposer && !hasRole(DEFAULT_ADMIN_ROLE, msg.sender)) revert NotAllowed(msg.sender);
        record.status = Status.Cancelled;
        _records[id] = record;
        emit Cancelled(id, r.request, msg.sender);
    }

    /// @inheritdoc IDeploymentGate
    function execute(Request calldata r, bytes32 evidence) external {
        if (_inForce(r).executor != msg.sender) revert NotAllowed(msg.sender);
        bytes32 id = idOf(r);
        Record storage record = _records[id];
        if (record.status != Status.Approved) revert WrongStatus(id, record.status);
        if (block.timestamp > record.until) revert Expired(record.until);
        record.status = Status.Executed;
        emit Executed(id, r.request, r.environment, evidence);
    }

    /// @inheritdoc IDeploymentGate
    function idOf(Request calldata r) public pure returns (bytes32) {
        return keccak256(abi.encode(REQUEST_TYPEHASH, r));
    }

    /// @inheritdoc IDeploymentGate
    function voteDigest(Request calldata r, Decision decision, uint40 validUntil) external view returns (bytes32) {
        return _voteDigest(idOf(r), decision, validUntil);
    }

    /// @inheritdoc IDeploymentGate
    function stateOf(bytes32 id)
        external
        view
        returns (Status status, address proposer, uint40 until, uint24 voters, uint24 withdrawn)
    {
        Record memory record = _records[id];
        return (record.status, record.proposer, record.until, record.voters, record.withdrawn);
    }

    /// @inheritdoc IDeploymentGate
    function executable(Request calldata r) external view returns (bool) {
        InForce memory policy = _policies[r.environment];
        Record memory record = _records[idOf(r)];
        return policy.seats != 0 && policy.epoch == r.epoch && record.status == Status.Approved
            && block.timestamp <= record.until;
    }

    /// @inheritdoc IDeploymentGate
    function policyOf(bytes32 environment) external view returns (bool open, uint32 epoch, Policy memory policy) {
        InForce memory p = _policies[environment];
        return (p.seats != 0, p.epoch, Policy(p.executor, Seats.unpack(p.seats), p.vetoRoles, p.maxAge));
    }

    /// @inheritdoc IDeploymentGate
    function memberOf(bytes32 environment, uint32 epoch, bytes calldata signer)
        external
        view
        returns (bool member, uint8 person, uint8 roles)
    {
        Member memory m = _members[_memberKey(environment, epoch, keccak256(signer))];
        return (m.exists, m.person, m.roles);
    }

    /// @dev Writes down one person's signers.
    function _enrol(bytes32 environment, uint32 epoch, uint8 person, Person calldata who) private {
        uint256 n = who.signers.length;
        if (n == 0 || n > MAX_SIGNERS) revert BadPolicy(5);
        for (uint256 i = 0; i < n; ++i) {
            bytes calldata signer = who.signers[i];
            if (!_wellFormed(signer)) revert BadPolicy(6);
            Member storage m = _members[_memberKey(environment, epoch, keccak256(signer))];
            if (m.exists) revert BadPolicy(7);
            (m.exists, m.person, m.roles) = (true, person, who.roles);
        }
    }

    /// @dev An address, or a verifier that is there and a key for it.
    function _wellFormed(bytes calldata signer) private view returns (bool) {
        if (signer.length < 20) return false;
        // forge-lint: disable-next-line(unsafe-typecast)
        address account = address(bytes20(signer)); // the first 20 bytes are meant
        return signer.length == 20 ? account != address(0) : account.code.length != 0;
    }

    /// @dev Checks a batch of approvals, and that the people fill the seats.
    /// @return voters Who they are.
    /// @return until The earliest end of the request and of any vote.
    function _count(Request calldata r, bytes32 id, Vote[] calldata votes, uint32 seats, uint24 withdrawn)
        private
        view
        returns (uint24 voters, uint40 until)
    {
        until = r.expires;
        uint256 roles = 0;
        for (uint256 i = 0; i < votes.length; ++i) {
            Member memory m = _checked(r, id, Decision.Approve, votes[i], i);
            if (_has(r.excluded, m.person)) revert Excluded(i, m.person);
            if (_has(withdrawn, m.person)) revert HasWithdrawn(i, m.person);
            if (_has(voters, m.person)) revert Duplicate(i, m.person);
            voters |= _bit(m.person);
            roles = Seats.add(roles, i, m.roles);
            if (votes[i].validUntil < until) until = votes[i].validUntil;
        }
        if (!Seats.filled(seats, roles, votes.length)) revert NoQuorum();
    }

    /// @dev The member whose good vote this is.
    function _checked(Request calldata r, bytes32 id, Decision decision, Vote calldata vote, uint256 index)
        private
        view
        returns (Member memory m)
    {
        m = _members[_memberKey(r.environment, r.epoch, keccak256(vote.signer))];
        if (!m.exists) revert NotMember(index);
        if (block.timestamp > vote.validUntil) revert VoteExpired(index, vote.validUntil);
        if (!_signed(vote, _voteDigest(id, decision, vote.validUntil))) revert BadSignature(index);
    }

    function _signed(Vote calldata vote, bytes32 digest) private view returns (bool) {
        if (vote.signer.length == 20) {
            return SignatureChecker.isValidSignatureNowCalldata(address(bytes20(vote.signer)), digest, vote.signature);
        }
        return SignatureChecker.isValidSignatureNow(vote.signer, digest, vote.signature);
    }

    /// @dev The policy that a request goes by, if it is still in force.
    function _inForce(Request calldata r) private view returns (InForce memory policy) {
        policy = _policies[r.environment];
        if (policy.seats == 0) revert NoPolicy(r.environment);
        if (policy.epoch != r.epoch) revert WrongEpoch(policy.epoch, r.epoch);
    }

    /// @dev A request that is open or approved.
    function _pending(Request calldata r) private view returns (bytes32 id, Record memory record) {
        id = idOf(r);
        record = _records[id];
        if (record.status != Status.Open && record.status != Status.Approved) revert WrongStatus(id, record.status);
    }

    function _voteDigest(bytes32 id, Decision decision, uint40 validUntil) private view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(VOTE_TYPEHASH, id, decision, validUntil)));
    }

    function _memberKey(bytes32 environment, uint32 epoch, bytes32 signer) private pure returns (bytes32) {
        return keccak256(abi.encode(environment, epoch, signer));
    }

    function _bit(uint8 person) private pure returns (uint24) {
        return uint24(1) << person;
    }

    function _has(uint24 people, uint8 person) private pure returns (bool) {
        return people & _bit(person) != 0;
    }
}
