using System.Globalization;
using Larder.Testing.Load;

namespace Larder.Bench.Client;

/// <summary>Bytes that a warm request allocates in Larder and in a bare endpoint, in turns.</summary>
internal static class Allocation
{
    private const string Json = "application/json";

    public static async Task<object> RunAsync(Uri larder, Uri floor, int rounds)
    {
        using var model = new HttpClient { BaseAddress = larder };
        using var bare = new HttpClient { BaseAddress = floor };
        var body = """{"values":[[5.1,3.5,1.4,0.2]]}"""u8.ToArray();
        var measured = new List<object>();
        for (var round = 0; round < rounds; round++)
        {
            measured.Add(new
            {
                Larder = await AllocationMeter.PerRequestAsync(model, "/api/v1/models/iris/prediction", body, Json, () => AllocationMeter.OfLarderAsync(model)),
                Bare = await AllocationMeter.PerRequestAsync(bare, "/bare", body, Json, () => FloorAsync(bare)),
                Echo = await AllocationMeter.PerRequestAsync(bare, "/api/v1/models/iris/prediction", body, Json, () => FloorAsync(bare)),
            });
        }

        return measured;
    }

    private static async Task<long> FloorAsync(HttpClient client) => long.Parse(await client.GetStringAsync("/allocated"), CultureInfo.InvariantCulture);
}
