metadata description = 'A virtual network: a subnet for the app, one for jobs, one for private endpoints.'

@description('What names begin with.')
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Ends names, so that they are unique.')
param suffix string

@description('Addresses of the network; at least a /22.')
param addressPrefix string

@description('Workspace that gets the logs.')
param workspaceId string

var appPrefix = cidrSubnet(addressPrefix, 24, 0)
var jobsPrefix = cidrSubnet(addressPrefix, 24, 1)
var endpointsPrefix = cidrSubnet(addressPrefix, 24, 2)

resource egressAddress 'Microsoft.Network/publicIPAddresses@2024-05-01' = {
  name: 'pip-${name}-${suffix}'
  location: location
  tags: tags
  sku: {
    name: 'Standard'
  }
  properties: {
    publicIPAllocationMethod: 'Static'
  }
}

// Nothing in a subnet has a way out without it: containers fetch packages, the app calls Azure.
resource egress 'Microsoft.Network/natGateways@2024-05-01' = {
  name: 'ng-${name}-${suffix}'
  location: location
  tags: tags
  sku: {
    name: 'Standard'
  }
  properties: {
    idleTimeoutInMinutes: 4
    publicIpAddresses: [
      {
        id: egressAddress.id
      }
    ]
  }
}

// Jobs run other people's code: it reaches storage and the internet, nothing else in the network. What comes in from outside,
// Azure's own rules stop.
resource jobsRules 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: 'nsg-${name}-jobs-${suffix}'
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        name: 'storage'
        properties: {
          priority: 100
          direction: 'Outbound'
          access: 'Allow'
          protocol: 'Tcp'
          sourceAddressPrefix: '*'
          sourcePortRange: '*'
          destinationAddressPrefix: endpointsPrefix
          destinationPortRange: '443'
        }
      }
      {
        name: 'nothing-else-inside'
        properties: {
          priority: 200
          direction: 'Outbound'
          access: 'Deny'
          protocol: '*'
          sourceAddressPrefix: '*'
          sourcePortRange: '*'
          destinationAddressPrefix: 'VirtualNetwork'
          destinationPortRange: '*'
        }
      }
    ]
  }
}

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: 'vnet-${name}-${suffix}'
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [addressPrefix]
    }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: appPrefix
          natGateway: {
            id: egress.id
          }
          delegations: [
            {
              name: 'functions'
              properties: {
                serviceName: 'Microsoft.App/environments'
              }
            }
          ]
        }
      }
      {
        name: 'jobs'
        properties: {
          addressPrefix: jobsPrefix
          natGateway: {
            id: egress.id
          }
          networkSecurityGroup: {
            id: jobsRules.id
          }
          delegations: [
            {
              name: 'container-groups'
              properties: {
                serviceName: 'Microsoft.ContainerInstance/containerGroups'
              }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: endpointsPrefix
        }
      }
    ]
  }
}

resource egressAddressLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: egressAddress
  name: 'larder'
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'DDoSProtectionNotifications'
        enabled: true
      }
    ]
  }
}

resource jobsRulesLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: jobsRules
  name: 'larder'
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'NetworkSecurityGroupEvent'
        enabled: true
      }
    ]
  }
}

resource networkLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: network
  name: 'larder'
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'VMProtectionAlerts'
        enabled: true
      }
    ]
  }
}

resource appSubnet 'Microsoft.Network/virtualNetworks/subnets@2024-05-01' existing = {
  parent: network
  name: 'app'
}

resource jobsSubnet 'Microsoft.Network/virtualNetworks/subnets@2024-05-01' existing = {
  parent: network
  name: 'jobs'
}

resource endpointsSubnet 'Microsoft.Network/virtualNetworks/subnets@2024-05-01' existing = {
  parent: network
  name: 'endpoints'
}

@description('Resource id of the network.')
output id string = network.id

@description('Name of the network.')
output name string = network.name

@description('Subnet of the app.')
output appSubnetId string = appSubnet.id

@description('Subnet of jobs.')
output jobsSubnetId string = jobsSubnet.id

@description('Subnet of private endpoints.')
output endpointsSubnetId string = endpointsSubnet.id
