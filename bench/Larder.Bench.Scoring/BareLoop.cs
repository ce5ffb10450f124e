using CsvHelper;
using Microsoft.ML.OnnxRuntime;

namespace Larder.Bench.Scoring;

/// <summary>What one would write by hand: CsvHelper reads, the session runs batches of 1,024, CsvHelper writes.</summary>
internal static class BareLoop
{
    private const int Batch = 1024;
    private const int Features = 4;

    public static void Score(string model, string dataset, string result)
    {
        using var session = new InferenceSession(model);
        using var options = new RunOptions();
        using var input = File.OpenRead(dataset);
        using var reader = CsvReader.Create(input, new CsvReaderOptions { Separator = ',' }, false);
        using var output = File.Create(result);
        using var writer = CsvWriter.Create(output, new CsvWriterOptions(), false);
        writer.WriteHeader(["species", "label", "probabilities_0", "probabilities_1", "probabilities_2", "model_version", "error"]);
        var values = new float[Batch * Features];
        var kept = new string[Batch];
        while (true)
        {
            var rows = 0;
            for (; rows < Batch && reader.Read(); rows++)
            {
                for (var i = 0; i < Features; i++)
                    values[(rows * Features) + i] = reader.Parse<float>(i);
                kept[rows] = reader.GetString(Features);
            }

            if (rows == 0)
                return;
            using var tensor = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, values.AsMemory(0, rows * Features), [rows, Features]);
            using var outputs = session.Run(options, session.InputNames, [tensor], session.OutputNames);
            var labels = outputs[0].GetTensorDataAsSpan<long>();
            var probabilities = outputs[1].GetTensorDataAsSpan<float>();
            for (var row = 0; row < rows; row++)
            {
                writer.WriteField(kept[row]);
                writer.WriteField(labels[row]);
                for (var i = 0; i < 3; i++)
                    writer.WriteField(probabilities[(row * 3) + i]);
                writer.WriteField(1);
                writer.WriteField("");
                writer.EndRecord();
            }
        }
    }
}
