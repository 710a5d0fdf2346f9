// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice The faulty form of EvidenceRegistry: whole documents as strings, packed keys,
/// anybody writes everything, and a list that is read to its end. For tests only.
contract Registry {
    struct Sbom {
        string project;
        string version;
        uint256 time;
        string dependencies;
        string digest;
        address creator;
        bool exists;
    }

    struct Vulnerability {
        string id;
        string severity;
        uint256 reportedAt;
        address reporter;
        bool active;
    }

    mapping(bytes32 => Sbom) public sboms;
    mapping(bytes32 => Vulnerability[]) public vulnerabilities;
    mapping(bytes32 => string) public checksums;

    event SbomCreated(string project, string version, address creator);
    event VulnerabilityReported(string package, string version, string id);
    event DependencyVerified(string package, string version);

    function create(string memory project, string memory version, string memory dependencies, string memory digest)
        public
    {
        bytes32 id = keccak256(abi.encodePacked(project, version));
        require(!sboms[id].exists, "SBOM already exists");
        sboms[id] = Sbom(project, version, block.timestamp, dependencies, digest, msg.sender, true);
        emit SbomCreated(project, version, msg.sender);
    }

    function report(string memory package, string memory version, string memory id, string memory severity) public {
        vulnerabilities[keccak256(
                abi.encodePacked(package, version)
            )].push(Vulnerability(id, severity, block.timestamp, msg.sender, true));
        emit VulnerabilityReported(package, version, id);
    }

    function vulnerable(string memory package, string memory version) public view returns (bool) {
        Vulnerability[] memory all = vulnerabilities[keccak256(abi.encodePacked(package, version))];
        for (uint256 i = 0; i < all.length; i++) {
            if (all[i].active) return true;
        }
        return false;
    }

    function digestOf(string memory project, string memory version) public view returns (string memory) {
        Sbom memory s = sboms[keccak256(abi.encodePacked(project, version))];
        require(s.exists, "SBOM does not exist");
        return s.digest;
    }

    function setChecksum(string memory package, string memory version, string memory checksum) public {
        checksums[keccak256(abi.encodePacked(package, version))] = checksum;
        emit DependencyVerified(package, version);
    }

    function checksumOf(string memory package, string memory version) public view returns (string memory) {
        return checksums[keccak256(abi.encodePacked(package, version))];
    }
}
