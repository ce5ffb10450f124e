using Larder.Inference.Signatures;

namespace Larder.Sandbox;

/// <summary>
/// Finds out whether a model treats the rows of a batch independently, by trying: some different rows run alone, and then together in
/// several orders, must give the same. That is no proof, but what couples rows in practice (batch statistics, running totals, sorting,
/// attention across the batch) shows with almost any values.
/// </summary>
internal static class RowCheck
{
    private const int Rows = 6;
    private static readonly int[][] Batches = [[0, 1], [2, 0, 1], [5, 4, 3, 2, 1, 0]];
    private static readonly int AllRows = Rows + Batches.Sum(batch => batch.Length);

    /// <summary>What the trial costs, given what one row does.</summary>
    public static TimeSpan Cost(TimeSpan oneRow) => oneRow * AllRows;

    /// <summary>
    /// True when all inputs and outputs have a first dimension that varies and no other, and rows did not influence each other. False also
    /// when that cannot be told: arbitrary values are invalid for the model (an index out of range), or all rows give the same.
    /// </summary>
    public static bool RowsAreIndependent(SandboxModel model)
    {
        if (model.Signature.Inputs.Count == 0 || !model.Signature.Inputs.All(IsBatch)
            || !model.Signature.Outputs.All(output => output.Kind == ValueKind.Sequence || IsBatch(output))
            || model.Shapes(rows: 1) is not { } shapes || model.Shapes(Rows) is null)
            return false;
        try
        {
            var inputs = model.Signature.Inputs.Select((input, i) => new RowInput(input.Datatype!.Value, shapes[i], seed: i)).ToArray();
            var alone = new List<RowOutput>();
            for (var row = 0; row < Rows; row++)
            {
                if (Run(model, inputs, [row]) is not [var output])
                    return false;
                alone.Add(output);
            }

            return alone.Exists(output => !output.IsClose(alone[0])) && Batches.All(batch =>
                Run(model, inputs, batch) is { } together && batch.Zip(together).All(pair => pair.Second.IsClose(alone[pair.First])));
        }
        catch (Exception)
        {
            // Not the model's fault: these values are ours, not its users'.
            return false;
        }
    }

    private static RowOutput[]? Run(SandboxModel model, RowInput[] inputs, int[] rows)
    {
        var values = Array.ConvertAll(inputs, input => input.Batch(rows));
        try
        {
            using var outputs = model.Run(values);
            return RowOutput.Split(outputs, rows.Length);
        }
        finally
        {
            Array.ForEach(values, value => value.Dispose());
        }
    }

    private static bool IsBatch(ValueSignature value) => value.HasVariableBatch && value.Shape!.Skip(1).All(dimension => dimension >= 0);
}
