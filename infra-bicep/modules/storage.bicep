metadata description = 'The storage account: artifacts, documents, uploads, Durable Functions, the deployed package. Its keys do not work.'

@description('What the name begins with: lower-case letters and digits.')
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Ends the name, so that it is unique in the world.')
@minLength(13)
@maxLength(13)
param suffix string

@description('How many copies are kept, and where.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param sku string

@description('Reached through private endpoints only.')
param privateOnly bool

@description('Days after which what was dropped into uploads, and receipts of blobs that were seen, are deleted.')
@minValue(1)
param uploadDays int

@description('Days after which files of jobs (logs, outputs) are deleted. 0 keeps them until their job is deleted.')
@minValue(0)
param jobFileDays int

@description('Days in which deleted blobs can be restored.')
@minValue(1)
@maxValue(365)
param softDeleteDays int

@description('Workspace that gets the log of who deleted which blob.')
param workspaceId string

// Durable Functions names its containers by its hub.
var hub = toLower(loadJsonContent('../../functions/host.json', 'extensions.durableTask.hubName'))
var deploymentContainer = 'deployments'
var containers = [
  'artifacts'
  'documents'
  'uploads'
  'scoring'
  'rejected'
  'upload-sessions'
  'data-protection'
  deploymentContainer
  '${hub}-leases'
  '${hub}-applease'
  '${hub}-largemessages'
]

var temporaryRule = {
  name: 'delete-temporary'
  enabled: true
  type: 'Lifecycle'
  definition: {
    filters: {
      blobTypes: ['blockBlob']
      prefixMatch: ['uploads/', 'scoring/', 'rejected/', 'azure-webjobs-hosts/blobreceipts/']
    }
    actions: {
      baseBlob: {
        delete: {
          daysAfterModificationGreaterThan: uploadDays
        }
      }
    }
  }
}

// Without a slash the prefix means every container whose name begins so: one for each job.
var jobFileRule = {
  name: 'delete-job-files'
  enabled: true
  type: 'Lifecycle'
  definition: {
    filters: {
      blobTypes: ['blockBlob', 'appendBlob']
      prefixMatch: ['job-']
    }
    actions: {
      baseBlob: {
        delete: {
          daysAfterModificationGreaterThan: jobFileDays
        }
      }
    }
  }
}

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: take('st${name}${suffix}', 24)
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: sku
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: privateOnly ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: privateOnly ? 'Deny' : 'Allow'
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: {
      enabled: true
      days: softDeleteDays
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: softDeleteDays
    }
  }
}

resource blobContainers 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = [
  for container in containers: {
    parent: blobs
    name: container
    properties: {
      publicAccess: 'None'
    }
  }
]

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2023-05-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: concat([temporaryRule], jobFileDays > 0 ? [jobFileRule] : [])
    }
  }
}

resource log 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: blobs
  name: 'deletions'
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'StorageDelete'
        enabled: true
      }
    ]
  }
}

@description('Resource id of the account.')
output id string = account.id

@description('Name of the account.')
output name string = account.name

@description('Container that the deployed package is in.')
output deploymentContainer string = deploymentContainer
