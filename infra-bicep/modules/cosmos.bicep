metadata description = 'Cosmos DB for the registry\'s documents. Names, keys and indexing are in documents.json, which the registry\'s tests read too.'

@description('What the name begins with.')
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Ends the name, so that it is unique in the world.')
param suffix string

@description('The most request units a second that all containers share; a tenth is always paid for. 0 is serverless.')
@minValue(0)
param autoscaleMaxThroughput int

@description('Reached through a private endpoint only.')
param privateOnly bool

@description('Workspace that gets the logs.')
param workspaceId string

var documents = loadJsonContent('../documents.json')
var serverless = autoscaleMaxThroughput == 0

resource account 'Microsoft.DocumentDB/databaseAccounts@2024-11-15' = {
  name: 'cosmos-${name}-${suffix}'
  location: location
  tags: tags
  kind: 'GlobalDocumentDB'
  properties: {
    databaseAccountOfferType: 'Standard'
    capabilities: serverless ? [{ name: 'EnableServerless' }] : []
    // What IDocumentStore promises: a read sees every write acknowledged before. In one region it costs reads, not time.
    consistencyPolicy: {
      defaultConsistencyLevel: 'Strong'
    }
    locations: [
      {
        locationName: location
        failoverPriority: 0
        isZoneRedundant: false
      }
    ]
    disableLocalAuth: true
    disableKeyBasedMetadataWriteAccess: true
    minimalTlsVersion: 'Tls12'
    publicNetworkAccess: privateOnly ? 'Disabled' : 'Enabled'
    backupPolicy: {
      type: 'Continuous'
      continuousModeProperties: {
        tier: 'Continuous7Days'
      }
    }
  }
}

resource database 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases@2024-11-15' = {
  parent: account
  name: documents.database
  properties: {
    resource: {
      id: documents.database
    }
    options: serverless ? {} : { autoscaleSettings: { maxThroughput: autoscaleMaxThroughput } }
  }
}

resource containers 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2024-11-15' = [
  for container in documents.containers: {
    parent: database
    name: container
    properties: {
      resource: {
        id: container
        partitionKey: documents.partitionKey
        indexingPolicy: documents.indexingPolicy
      }
    }
  }
]

// Who changed the account. Requests for data are counted by metrics; a log of each would cost more than the account.
resource log 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: account
  name: 'larder'
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'ControlPlaneRequests'
        enabled: true
      }
    ]
  }
}

@description('Resource id of the account.')
output id string = account.id

@description('Name of the account.')
output name string = account.name

@description('Where the account answers.')
output endpoint string = account.properties.documentEndpoint

@description('Name of the database.')
output databaseName string = database.name
