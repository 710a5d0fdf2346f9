// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice The faulty form of DeploymentGate that the tests measure and attack: it keeps
/// strings, counts senders, and calls an approval an execution. Written for these tests
/// after the design that this project began with; never to be deployed.
contract Governance {
    struct Deployment {
        string version;
        string commit;
        address proposer;
        uint256 time;
        bool approved;
        uint8 count;
        mapping(address => bool) by;
        string environment;
        string artifact;
    }

    struct Approver {
        address account;
        string role;
        bool active;
    }

    mapping(uint256 => Deployment) public deployments;
    mapping(address => Approver) public approvers;
    uint256 public last;
    uint8 public needed;
    address public owner;

    event DeploymentProposed(uint256 indexed id, string version, address proposer);
    event DeploymentApproved(uint256 indexed id, address approver);
    event DeploymentExecuted(uint256 indexed id, string environment);

    constructor(uint8 needed_) {
        owner = msg.sender;
        needed = needed_;
    }

    function addApprover(address account, string memory role) public {
        require(msg.sender == owner, "Only owner can perform this action");
        approvers[account] = Approver(account, role, true);
    }

    function propose(string memory version, string memory commit, string memory environment, string memory artifact)
        public
        returns (uint256)
    {
        last++;
        Deployment storage d = deployments[last];
        d.version = version;
        d.commit = commit;
        d.proposer = msg.sender;
        d.time = block.timestamp;
        d.approved = false;
        d.count = 0;
        d.environment = environment;
        d.artifact = artifact;
        emit DeploymentProposed(last, version, msg.sender);
        return last;
    }

    function approve(uint256 id) public {
        require(approvers[msg.sender].active, "Not an active approver");
        Deployment storage d = deployments[id];
        require(!d.approved, "Deployment already approved");
        require(!d.by[msg.sender], "Already approved by this approver");
        d.by[msg.sender] = true;
        d.count++;
        emit DeploymentApproved(id, msg.sender);
        if (d.count >= needed) {
            d.approved = true;
            emit DeploymentExecuted(id, d.environment);
        }
    }

    function verify(uint256 id) public view returns (bool approved, string memory artifact) {
        Deployment storage d = deployments[id];
        return (d.approved, d.artifact);
    }
}
