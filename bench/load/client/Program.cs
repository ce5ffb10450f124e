using System.Text.Json;
using Larder.Bench.Client;
using Larder.Testing.Load;

// The parts of bench/load/run that wrk cannot do. Each ends with one line, "RESULT " and its figures as JSON.
object figures = args switch
{
    ["models", var folder] => await Models.WriteAsync(folder),
    ["grpc", var address, var connections, var seconds] => await GrpcLoad.RunAsync(new Uri(address), Number(connections), Number(seconds)),
    ["batching", var rounds, var seconds] => await BatchingLoad.RunAsync(Number(rounds), Number(seconds)),
    ["images", var address, var floor, var model, var file, var seconds] => await ImageLoad.RunAsync(new Uri(address), new Uri(floor), model, file, Number(seconds)),
    ["upload-many", var address, var models] => await EvictionLoad.UploadAsync(new Uri(address), Number(models)),
    ["evictions", var address, var process, var models, var fitting, var requests] =>
        await EvictionLoad.RunAsync(new Uri(address), Number(process), Number(models), Number(fitting), Number(requests)),
    ["allocation", var larder, var floor, var rounds] => await Allocation.RunAsync(new Uri(larder), new Uri(floor), Number(rounds)),
    ["mixed-settings"] => MixedLoad.Settings.ToDictionary(setting => setting.Name, setting => setting.Value),
    ["mixed", var address, var grpc, var process, var seconds] => await MixedRun.RunAsync(new Uri(address), new Uri(grpc), Number(process), Number(seconds)),
    _ => throw new ArgumentException("bench/load/run starts this program."),
};
Console.WriteLine();
Console.WriteLine($"RESULT {JsonSerializer.Serialize(figures, JsonSerializerOptions.Web)}");

static int Number(string text) => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
