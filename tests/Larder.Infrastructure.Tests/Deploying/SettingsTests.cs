namespace Larder.Infrastructure.Tests;

public sealed class SettingsTests
{
    private const string Host = """
        var hostSettings = {
          AzureWebJobsStorage__credential: 'managedidentity'
          AzureWebJobsStorage__clientId: 'id'
          AzureWebJobsStorage__blobServiceUri: 'blob'
          AzureWebJobsStorage__queueServiceUri: 'queue'
          AzureWebJobsStorage__tableServiceUri: 'table'
          APPLICATIONINSIGHTS_CONNECTION_STRING: 'insights'
          APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'insights'
        }

        """;

    [Fact]
    public void Every_setting_that_has_a_value_in_azure_is_set_to_it() =>
        Assert.Empty(new SettingsCheck(Repository.Read("local.settings.sample.json"), Sources.Deployed()).Findings());

    [Theory]
    [InlineData(""" "Preload": "" """, "", "Preload is not set: it has no default")]
    [InlineData(""" "Limits:ModelBytes": "2147483648" """, "", "Limits:ModelBytes is not set: an instance does not hold 2147483648 bytes")]
    [InlineData(""" "_Store": "In Azure: Store__Kind, and __Region. Else Other__Thing.", "Store": "x" """, "",
        "Store:Kind is not set: the sample names it for Azure", "Store:Region is not set: the sample names it for Azure")]
    [InlineData(""" "Preload": "x" """, "var someSettings = { Prelod: 'x' }", "Prelod is set: the sample does not have it")]
    [InlineData(""" "Store:Kind": "blobs" """, "var someSettings = { Store__Kindd: 'x' }", "Store:Kindd is set: the sample does not have it")]
    [InlineData(""" "Preload": "x" """, "var someSettings = a ? { WEBSITE_RUN_FROM_PACKAGE: '1' } : { FUNCTIONS_WORKER_RUNTIME: 'x' }",
        "WEBSITE_RUN_FROM_PACKAGE is set: Flex Consumption refuses it", "FUNCTIONS_WORKER_RUNTIME is set: Flex Consumption refuses it")]
    [InlineData(""" "Preload": "", "MasterKey": "", "Jobs:Process:Folder": "", "Limits:Job:OutputBytes": "10737418240", "Limits:MaxNodes": "9999999999" """,
        "var someSettings = union({ Preload: 'x' }, { Store__Kind: 'cosmos' })")]
    public void What_is_missing_or_too_much_is_found(string sample, string source, params string[] expected)
    {
        var check = new SettingsCheck($$"""{ "Values": { {{sample}} } }""", new Sources(("main.bicep", Host + source)));

        Assert.Equal(expected, check.Findings());
    }

    [Fact]
    public void Settings_without_which_the_host_does_not_start_are_asked_for()
    {
        var check = new SettingsCheck("""{ "Values": {} }""", new Sources(("main.bicep", Host.Replace("tableServiceUri", "fileServiceUri", StringComparison.Ordinal))));

        Assert.Equal(["AzureWebJobsStorage:tableServiceUri is not set: the host needs it", "AzureWebJobsStorage:fileServiceUri is set: the sample does not have it"], check.Findings());
    }
}
