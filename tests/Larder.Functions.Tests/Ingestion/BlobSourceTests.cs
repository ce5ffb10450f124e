using System.Reflection;
using System.Text.Json;
using Larder.Functions.Ingestion;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Tests.Ingestion;

/// <summary>Each blob trigger is two functions, one for each source, of which a deployment disables one.</summary>
public sealed class BlobSourceTests
{
    private const string ByPolling = "ByPolling";

    [Fact]
    public void Every_blob_function_that_Event_Grid_tells_has_one_that_polls_the_same_path()
    {
        var functions = Functions();

        var events = functions.Where(function => function.Source == BlobTriggerSource.EventGrid).Select(function => (function.Name + ByPolling, function.Path));
        var polls = functions.Where(function => function.Source == BlobTriggerSource.LogsAndContainerScan).Select(function => (function.Name, function.Path));

        Assert.NotEmpty(events);
        Assert.Equal(events.Order(), polls.Order());
    }

    [Fact]
    public void The_sample_of_local_settings_disables_those_that_Event_Grid_tells_and_no_other_function()
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "local.settings.sample.json")));
        var disabled = json.RootElement.GetProperty("Values").EnumerateObject()
            .Where(value => value.Name.EndsWith(".Disabled", StringComparison.Ordinal) && value.Name[0] != '_');

        Assert.Equal(
            Functions().Where(function => function.Source == BlobTriggerSource.EventGrid).Select(function => ($"AzureWebJobs.{function.Name}.Disabled", "true")).Order(),
            disabled.Select(value => (value.Name, value.Value.GetString()!)).Order());
    }

    private static List<(string Name, BlobTriggerSource Source, string Path)> Functions() =>
    [
        .. from type in typeof(IngestUpload).Assembly.GetTypes()
           from method in type.GetMethods()
           let function = method.GetCustomAttribute<FunctionAttribute>()
           where function is not null
           from parameter in method.GetParameters()
           let trigger = parameter.GetCustomAttribute<BlobTriggerAttribute>()
           where trigger is not null
           select (function.Name, trigger.Source, trigger.BlobPath),
    ];
}
