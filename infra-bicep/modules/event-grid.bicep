metadata description = 'The storage account\'s events. Who subscribes is a second step: the webhook must answer first (scripts/subscribe.sh).'

@description('What the name begins with.')
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Ends the name, so that it is unique.')
param suffix string

@description('The account whose events these are.')
param storageAccountId string

@description('Workspace that gets the logs.')
param workspaceId string

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: 'evgt-${name}-${suffix}'
  location: location
  tags: tags
  properties: {
    source: storageAccountId
    topicType: 'Microsoft.Storage.StorageAccounts'
  }
}

// A blob of which no event arrives is found by IngestMissed only; this says why.
resource log 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: topic
  name: 'larder'
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'DeliveryFailures'
        enabled: true
      }
    ]
  }
}

@description('Name of the topic.')
output topicName string = topic.name
